/**
 * Expressions in values: `${params.x}`, `${matrix.x}`, `${cycle}`, `${env.X}`. Substitution only; a text that is one whole expression keeps
 * the value's type, `$${` stands for a plain `${`. `${matrix.x}` is a value of the cell it stands in.
 */
import type { Json } from "../core/canonicalJson.ts";
import type { Place, Reporter, Span } from "./Reporter.ts";
import type { ScalarNode, YamlNode } from "./YamlNode.ts";
import { givenWords } from "./expected.ts";
import type { Path } from "./findings.ts";
import { nameHint, quoted } from "../core/suggest.ts";

export interface Parameter {
  /** Undefined where the default is unusable, which was reported. */
  readonly value: Json | undefined;
  /** The argument that set it: `--set cycles=5`; undefined where the file's default stands. */
  readonly argument: string | undefined;
  /** Where its default stands; undefined: in the pipeline file itself. */
  readonly file: string | undefined;
}

export interface Surroundings {
  readonly params: ReadonlyMap<string, Parameter>;
  readonly env: { readonly [name: string]: string | undefined };
  /** The cycle of the innermost loop, null outside of loops. */
  readonly cycle: number | null;
  readonly matrix: MatrixValues;
}

/** Axis → value, of all matrices around a place; undefined where a matrix is unusable, which was reported. */
export type MatrixValues = ReadonlyMap<string, string | number | boolean | undefined>;

/** What is given once for the whole file. */
export type Given = Pick<Surroundings, "params" | "env">;

/** Where a value came from, as far as it matters later. */
export interface Origin {
  /** The argument that gave the value or a part of it. */
  readonly argument: string | undefined;
  /** True where the text begins with what the command line gave: such paths resolve from the working directory. */
  readonly isFromWorkingFolder: boolean;
  /** Otherwise the file where the text begins, from which such paths resolve; undefined: the pipeline file itself. */
  readonly file: string | undefined;
}

export interface Evaluated {
  readonly value: Json;
  /** Keyed by `originKey` of the path; only what is not plainly from the pipeline file. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Paths whose value could not be had, which was reported; they hold null. */
  readonly broken: ReadonlyArray<Path>;
}

const pattern = /\$\$\{|\$\{([^}]*)\}|\$\{/g;
const wholePattern = /^\$\{([^}]*)\}$/;

export const originKey = (path: Path): string => path.map(String).join("\n");

/** True where the value changes from cycle to cycle, or from cell to cell. */
export function dependsOn(what: "cycle" | "matrix", node: YamlNode): boolean {
  if (node.kind === "mapping") return node.entries.some((entry) => dependsOn(what, entry.value));
  if (node.kind === "sequence") return node.items.some((item) => dependsOn(what, item));
  if (typeof node.value !== "string" || !node.value.includes("${")) return false;
  return [...node.value.matchAll(pattern)].some((match) => match[1]?.trim().split(".")[0] === what);
}

export const hasExpression = (text: string): boolean => [...text.matchAll(pattern)].some((match) => match[0] !== "$${");

/** The value of a tree with its expressions filled in. */
export function evaluate(node: YamlNode, surroundings: Surroundings, reporter: Reporter): Evaluated {
  const origins = new Map<string, Origin>();
  const broken: Array<Path> = [];
  const visit = (current: YamlNode, path: Path): Json => {
    if (current.kind === "mapping") {
      return Object.fromEntries(current.entries.map(({ key, value }) => [key, visit(value, [...path, key])]));
    }
    if (current.kind === "sequence") return current.items.map((item, index) => visit(item, [...path, index]));
    if (current.isBroken) {
      broken.push(path);
      return null;
    }
    if (typeof current.value !== "string" || !current.value.includes("${")) {
      const { file } = current.span;
      if (file !== undefined) origins.set(originKey(path), { argument: undefined, isFromWorkingFolder: false, file });
      return current.value;
    }
    const result = substitute(current, current.value, surroundings, reporter);
    if (result === undefined) {
      broken.push(path);
      return null;
    }
    const { argument, isFromWorkingFolder, file } = result;
    if (argument !== undefined || isFromWorkingFolder || file !== undefined) origins.set(originKey(path), result);
    return result.value;
  };
  return { value: visit(node, []), origins, broken };
}

interface Substituted extends Origin {
  readonly value: Json;
}

function substitute(
  node: ScalarNode,
  text: string,
  surroundings: Surroundings,
  reporter: Reporter,
): Substituted | undefined {
  const finder = expressionFinder(node);
  const whole = wholePattern.exec(text);
  if (whole !== null) {
    const found = lookUp(whole[1]!.trim(), surroundings, finder(whole[0]), reporter);
    return found === undefined ? undefined : { ...found, value: found.value };
  }
  let argument: string | undefined;
  let isFromWorkingFolder = false;
  let { file } = node.span;
  let isBroken = false;
  const value = text.replaceAll(pattern, (match: string, name: string | undefined, offset: number) => {
    const at = finder(match);
    if (match === "$${") return "${";
    const found =
      name === undefined
        ? reporter.report(at, "this `${` is never closed", "write `$${` for a plain `${`")
        : lookUp(name.trim(), surroundings, at, reporter);
    if (found === undefined || !isTextual(found.value, match, at, reporter)) {
      isBroken = true;
      return "";
    }
    argument ??= found.argument;
    if (offset === 0) ({ isFromWorkingFolder, file } = found);
    return String(found.value);
  });
  return isBroken ? undefined : { value, argument, isFromWorkingFolder, file };
}

function isTextual(value: Json, expression: string, at: Span, reporter: Reporter): boolean {
  if (value !== null && typeof value !== "object") return true;
  reporter.report(
    at,
    `${quoted(expression)} is ${givenWords(value)}, which cannot stand inside a text`,
    "a value that is one whole expression keeps its type",
  );
  return false;
}

function lookUp(name: string, surroundings: Surroundings, at: Span, reporter: Reporter): Substituted | undefined {
  if (name === "cycle") return cycleValue(surroundings, at, reporter);
  const [root, key] = splitOnce(name);
  if (root === "params" && key !== undefined) return parameterValue(key, surroundings, at, reporter);
  if (root === "env" && key !== undefined) return environmentValue(key, surroundings, at, reporter);
  if (root === "matrix" && key !== undefined) return matrixValue(key, surroundings, at, reporter);
  const axes = [...surroundings.matrix.keys()].map((axis) => `matrix.${axis}`);
  const names = ["cycle", ...axes, ...[...surroundings.params.keys()].map((param) => `params.${param}`)];
  const bare = surroundings.params.has(name) ? `did you mean ${quoted(`\${params.${name}}`)}?` : undefined;
  const forms = "expressions are `${params.x}`, `${matrix.x}`, `${cycle}` and `${env.X}`; they only substitute";
  const likely = nameHint(name, names, "names");
  const hint = bare ?? (likely.startsWith("did you mean") ? likely : forms);
  reporter.report(at, `there is nothing called ${quoted(name)}`, hint);
  return undefined;
}

function splitOnce(name: string): readonly [string, string | undefined] {
  const dot = name.indexOf(".");
  return dot === -1 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
}

const writtenIn = ({ file }: Span): Origin => ({ argument: undefined, isFromWorkingFolder: false, file });

function cycleValue({ cycle }: Surroundings, at: Span, reporter: Reporter): Substituted | undefined {
  if (cycle !== null) return { value: cycle, ...writtenIn(at) };
  reporter.report(at, "`${cycle}` has a value only inside a loop");
  return undefined;
}

function matrixValue(key: string, { matrix }: Surroundings, at: Span, reporter: Reporter): Substituted | undefined {
  const value = matrix.get(key);
  if (value !== undefined) return { value, ...writtenIn(at) };
  if (matrix.size === 0) reporter.report(at, "`${matrix.…}` has a value only in a step or loop with a `matrix`");
  else if (!matrix.has(key))
    reporter.report(at, `there is no axis ${quoted(key)} here`, nameHint(key, matrix.keys(), "axes"));
  return undefined;
}

function parameterValue(key: string, { params }: Surroundings, at: Place, reporter: Reporter) {
  const parameter = params.get(key);
  if (parameter === undefined) {
    reporter.report(at, `there is no parameter ${quoted(key)}`, nameHint(key, params.keys(), "parameters"));
    return undefined;
  }
  if (parameter.value === undefined) return undefined;
  const { value, argument, file } = parameter;
  return { value, argument, isFromWorkingFolder: argument !== undefined, file };
}

/** The environment is the command line's surroundings too, so paths in it resolve like those of `--set`. */
function environmentValue(key: string, { env }: Surroundings, at: Place, reporter: Reporter): Substituted | undefined {
  const value = env[key];
  if (value !== undefined) return { value, argument: undefined, isFromWorkingFolder: true, file: undefined };
  reporter.report(at, `the environment has no variable ${quoted(key)}`, `set it: ${key}=… pipeline …`);
  return undefined;
}

/** Finds the place of each expression in turn in the text as it stands in the file. */
function expressionFinder(node: ScalarNode): (expression: string) => Span {
  const { raw, span } = node;
  let from = 0;
  return (expression) => {
    const index = raw === undefined ? -1 : raw.indexOf(expression, from);
    if (raw === undefined || index === -1) return span;
    from = index + expression.length;
    const newline = raw.lastIndexOf("\n", index);
    if (newline === -1) return { ...span, column: span.column + index, length: expression.length };
    const line = span.line + (raw.slice(0, index).match(/\n/g) ?? []).length;
    return { ...span, line, column: index - newline, length: expression.length };
  };
}
