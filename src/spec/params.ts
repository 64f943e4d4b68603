/**
 * Parameters: defaults in the file, overridden by the environment (`PIPELINE_SET_cycles=5`), overridden by the command line
 * (`--set cycles=5`). A default's type is the parameter's type. `--set seed=7` is the file's seed, `--set bi0.batchSize=32` a
 * setting of a step, `--set bi0.timeout=1h` one of the terms on which it runs, `--set distil.stop.patience=3` a setting of a
 * loop's decisions.
 */
import { parseDocument } from "yaml";
import type { Json } from "../core/canonicalJson.ts";
import type { Block, FileDeclaration, LoopDeclaration, StepDeclaration } from "./declarations.ts";
import { givenWords } from "./expected.ts";
import { hasExpression, type Parameter } from "./expression.ts";
import { termKeys } from "./PipelineFile.ts";
import { checkName } from "./shape.ts";
import type { Reporter } from "./Reporter.ts";
import { settingNames } from "./stepConfig.ts";
import { stopName } from "./stopRule.ts";
import { listed, nameHint, quoted } from "../core/suggest.ts";
import { isEmptyNode, toJson, type Entry } from "./YamlNode.ts";

const environmentPrefix = "PIPELINE_SET_";

/** A setting of a step, or one of its terms, given on the command line. */
export interface Override {
  readonly path: ReadonlyArray<string>;
  readonly value: Json;
  readonly argument: string;
}

export interface Arguments {
  readonly params: ReadonlyMap<string, Parameter>;
  readonly seed: { readonly value: number; readonly argument: string } | undefined;
  readonly overrides: Overrides<ReadonlyMap<StepDeclaration, ReadonlyArray<Override>>>;
}

interface Overrides<ByStep> {
  readonly settings: ByStep;
  readonly terms: ByStep;
}

type GrowingOverrides = Overrides<Map<StepDeclaration, Array<Override>>>;

interface Assignment {
  readonly key: string;
  readonly text: string;
  readonly argument: string;
}

export function readArguments(
  declaration: FileDeclaration,
  sets: ReadonlyArray<string>,
  env: { readonly [name: string]: string | undefined },
  reporter: Reporter,
): Arguments {
  const params = new Map<string, Parameter>();
  for (const entry of declaration.params) {
    const { file } = entry.value.span;
    params.set(entry.key, { value: defaultOf(entry, reporter), argument: undefined, file });
  }
  const overrides: GrowingOverrides = { settings: new Map(), terms: new Map() };
  let seed: Arguments["seed"];
  for (const assignment of [...fromEnvironment(env), ...fromSets(sets, reporter)]) {
    const { key, argument } = assignment;
    const current = params.get(key);
    if (current !== undefined) {
      const value = typedValue(assignment, current.value, reporter);
      if (value !== undefined) params.set(key, { ...current, value, argument });
    } else if (key === "seed") {
      const value = seedValue(assignment, reporter);
      if (value !== undefined) seed = { value, argument };
    } else if (key.includes(".")) {
      addOverride(assignment, declaration.block, overrides, reporter);
    } else {
      const names = [...params.keys(), "seed"];
      reporter.report({ argument }, `there is no parameter ${quoted(key)}`, nameHint(key, names, "parameters"));
    }
  }
  return { params, seed, overrides };
}

function defaultOf({ key, keySpan, value }: Entry, reporter: Reporter): Json | undefined {
  checkName(key, "a parameter", keySpan, reporter);
  if (key === "seed") {
    reporter.report(
      keySpan,
      "`seed` cannot be a parameter: `--set seed=…` is the file's own seed",
      "write `seed:` at the top",
    );
  }
  // What is not a scalar or a list of scalars was reported with the file's structure.
  const isScalarList = value.kind === "sequence" && value.items.every((item) => item.kind === "scalar");
  if (isEmptyNode(value) || (value.kind !== "scalar" && !isScalarList)) return undefined;
  const json = toJson(value);
  if (typeof json === "string" && hasExpression(json)) {
    reporter.report(value.span, "a parameter's default is literal: no expression can stand here");
  }
  return json;
}

const fromEnvironment = (env: { readonly [name: string]: string | undefined }): ReadonlyArray<Assignment> =>
  Object.keys(env)
    .filter((name) => name.startsWith(environmentPrefix) && env[name] !== undefined)
    .sort()
    .map((name) => ({ key: name.slice(environmentPrefix.length), text: env[name]!, argument: `${name}=${env[name]}` }));

function fromSets(sets: ReadonlyArray<string>, reporter: Reporter): ReadonlyArray<Assignment> {
  return sets.flatMap((set) => {
    const argument = `--set ${set}`;
    const equals = set.indexOf("=");
    if (equals > 0) return [{ key: set.slice(0, equals).trim(), text: set.slice(equals + 1), argument }];
    reporter.report({ argument }, "`--set` takes name=value", "for example `--set cycles=5`");
    return [];
  });
}

/** A value as YAML reads it; what YAML cannot read is a text. */
export function yamlValue(text: string): Json {
  const document = parseDocument(text, { prettyErrors: false });
  const hasAlias = /(?:^|[\s[{,])[*&]\S/.test(text);
  if (hasAlias || document.errors.length > 0 || document.warnings.length > 0) return text;
  const value: unknown = document.toJS();
  return value === undefined ? null : (value as Json);
}

/** The value in the type of the default; undefined where it does not fit, which is reported. */
function typedValue({ key, text, argument }: Assignment, like: Json | undefined, reporter: Reporter): Json | undefined {
  const value = Array.isArray(like) ? listValue(text, like) : scalarValue(text, like);
  if (value !== undefined) return value;
  const wanted = Array.isArray(like)
    ? `a list like [${listed(like.map(String))}]`
    : `${typeWords(like)} like ${String(like)}`;
  const given = givenWords(yamlValue(text));
  reporter.report(
    { argument },
    `parameter ${quoted(key)} must be ${wanted}, not ${given}`,
    "its type is that of its default in the file",
  );
  return undefined;
}

const typeWords = (like: Json | undefined): string =>
  typeof like === "number" ? "a number" : typeof like === "boolean" ? "true or false" : "a text";

function scalarValue(text: string, like: Json | undefined): Json | undefined {
  const value = yamlValue(text);
  if (typeof like === "string") return isQuoted(text) && typeof value === "string" ? value : text;
  if (like === undefined) return value;
  if (typeof value === "number" && !Number.isFinite(value)) return undefined;
  return typeof value === typeof like ? value : undefined;
}

const isQuoted = (text: string): boolean => /^(["']).*\1$/.test(text.trim());

/** `a,b` or `[a, b]`; nothing is the empty list. */
function listValue(text: string, like: ReadonlyArray<Json>): Json | undefined {
  const flow = text.trim().startsWith("[") ? yamlValue(text) : undefined;
  const bare = text.trim() === "" ? [] : text.split(",").map((item) => item.trim());
  const items = Array.isArray(flow) ? (flow as ReadonlyArray<Json>) : bare;
  const sample = like[0];
  const typed = items.map((item) => (typeof item === "string" ? itemValue(item, sample) : itemOf(item, sample)));
  return typed.every((item) => item !== undefined) ? typed : undefined;
}

const itemValue = (item: string, sample: Json | undefined): Json | undefined =>
  sample === undefined ? yamlValue(item) : scalarValue(item, sample);

function itemOf(item: Json, sample: Json | undefined): Json | undefined {
  if (item === null || typeof item === "object") return undefined;
  if (typeof sample === "string") return String(item);
  return sample === undefined || typeof item === typeof sample ? item : undefined;
}

function seedValue({ text, argument }: Assignment, reporter: Reporter): number | undefined {
  const value = yamlValue(text);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  reporter.report({ argument }, `the seed must be an integer from 0, not ${givenWords(value)}`);
  return undefined;
}

/** A setting of the stage comes first: one of a user's own stage may be called so too. */
const isTerm = ({ stage }: StepDeclaration, key: string): boolean =>
  termKeys.some((term) => term === key) && (stage === undefined || !settingNames(stage).includes(key));

const decisionNamed = (name: string, loop: LoopDeclaration | undefined): StepDeclaration | undefined =>
  name === stopName ? loop?.stop : undefined;

/** `distil.student.learningRate=1e-5`: the longest beginning that is a step, then a setting of it. */
function addOverride(
  { key, text, argument }: Assignment,
  root: Block,
  overrides: GrowingOverrides,
  reporter: Reporter,
): void {
  const parts = key.split(".");
  let block = root;
  let around: LoopDeclaration | undefined;
  for (const [index, part] of parts.entries()) {
    const slot = block.slotOf.get(part);
    const member = slot === undefined ? decisionNamed(part, around) : block.members[slot]!;
    if (member === undefined) {
      const names = block.members.map(({ name }) => name);
      reporter.report(
        { argument },
        `there is no step ${quoted(parts.slice(0, index + 1).join("."))}`,
        nameHint(part, names, "steps here"),
      );
      return;
    }
    if (member.kind === "step") {
      const path = parts.slice(index + 1);
      if (path.length === 0) break;
      const kind = isTerm(member, path[0]!) ? overrides.terms : overrides.settings;
      kind.set(member, [...(kind.get(member) ?? []), { path, value: yamlValue(text), argument }]);
      return;
    }
    [block, around] = [member.block, member];
  }
  reporter.report(
    { argument },
    `${quoted(key)} is not a setting`,
    "write step.setting=value, for example `--set bi0.batchSize=32`",
  );
}
