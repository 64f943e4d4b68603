/** The settings of a step: expressions filled in, overrides applied, decoded by the stage's schema, defaults written out. */
import * as Result from "effect/Result";
import type * as SchemaAST from "effect/SchemaAST";
import * as SchemaParser from "effect/SchemaParser";
import type { Json } from "../core/canonicalJson.ts";
import type { PathField, Step } from "../core/Graph.ts";
import type { AnyStage } from "../core/Stage.ts";
import type { StepDeclaration } from "./declarations.ts";
import { annotationThrough, writtenForm } from "./expected.ts";
import { evaluate, originKey, type Evaluated, type Origin, type Surroundings } from "./expression.ts";
import { findingsOf, pathWords, type Finding, type Path } from "./findings.ts";
import type { Override } from "./params.ts";
import { pathFields, type Folders } from "./pathFields.ts";
import { inputPorts } from "./ports.ts";
import type { Place, Reporter } from "./Reporter.ts";
import { closest, listed, quoted } from "../core/suggest.ts";
import { entryOf, nodeAt, type YamlNode } from "./YamlNode.ts";

export interface StepConfig {
  readonly config: unknown;
  readonly encodedConfig: Step["encodedConfig"];
  readonly paths: ReadonlyArray<PathField>;
}

/** The settings of a step in one cycle; undefined where they are wrong, which is reported. */
export function readStepConfig(
  declaration: StepDeclaration & { readonly stage: AnyStage },
  overrides: ReadonlyArray<Override>,
  surroundings: Surroundings,
  folders: Folders,
  reporter: Reporter,
): StepConfig | undefined {
  const { stage, settings } = declaration;
  const before = reporter.count();
  const evaluated = applyOverrides(
    settings === undefined ? { value: {}, origins: new Map(), broken: [] } : evaluate(settings, surroundings, reporter),
    overrides,
  );
  const decoded = SchemaParser.decodeUnknownResult(stage.config)(evaluated.value, {
    errors: "all",
    onExcessProperty: "error",
    reportInput: true,
  });
  if (Result.isFailure(decoded)) {
    reportFindings(declaration, findingsOf(decoded.failure, evaluated.value), evaluated, reporter);
    return undefined;
  }
  if (evaluated.broken.length > 0 || reporter.count() > before) return undefined;
  const encoded = Result.getOrThrow(SchemaParser.encodeUnknownResult(stage.config)(decoded.success));
  const folderOf = (path: Path): string => {
    const origin = originAt(evaluated.origins, path);
    return origin?.isFromWorkingFolder === true ? folders.working : folders.of(origin?.file);
  };
  return {
    config: decoded.success,
    encodedConfig: encoded as Step["encodedConfig"],
    paths: pathFields(stage.config.ast, encoded, folderOf),
  };
}

function applyOverrides(evaluated: Evaluated, overrides: ReadonlyArray<Override>): Evaluated {
  if (overrides.length === 0) return evaluated;
  const origins = new Map(evaluated.origins);
  let { value, broken } = evaluated;
  for (const override of overrides) {
    value = withValue(value, override.path, override.value);
    broken = broken.filter((path) => !isPrefix(override.path, path));
    const { argument } = override;
    origins.set(originKey(override.path), { argument, isFromWorkingFolder: true, file: undefined });
  }
  return { value, origins, broken };
}

function withValue(object: Json, [key, ...rest]: ReadonlyArray<string>, value: Json): Json {
  if (key === undefined) return value;
  const isObject = typeof object === "object" && object !== null && !Array.isArray(object);
  const members = isObject ? (object as { readonly [key: string]: Json }) : {};
  return { ...members, [key]: withValue(members[key] ?? {}, rest, value) };
}

const isPrefix = (prefix: Path, path: Path): boolean =>
  prefix.length <= path.length && prefix.every((part, index) => String(part) === String(path[index]));

/** The origin of a value: its own, or that of the list or mapping it came in. */
function originAt(origins: ReadonlyMap<string, Origin>, path: Path): Origin | undefined {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(originKey(path.slice(0, length)));
    if (origin !== undefined) return origin;
  }
  return undefined;
}

function reportFindings(
  declaration: StepDeclaration & { readonly stage: AnyStage },
  findings: ReadonlyArray<Finding>,
  evaluated: Evaluated,
  reporter: Reporter,
): void {
  const given = new Set(Object.keys(evaluated.value as object));
  const meant = new Set<string>();
  const isFollowOn = (path: Path) =>
    evaluated.broken.some((broken) => isPrefix(broken, path) || isPrefix(path, broken));
  const unexpected = findings.filter((finding) => finding.kind === "unexpected");
  for (const finding of unexpected) {
    const { path, known } = finding;
    const key = String(path.at(-1));
    const free = path.length === 1 ? known.filter((name) => !given.has(name)) : known;
    const likely = closest(key, free);
    if (likely !== undefined && path.length === 1) meant.add(likely);
    const message = `stage ${quoted(declaration.stage.name)} has no setting ${quoted(pathWords(path))}`;
    reporter.report(
      placeOf(declaration, path, evaluated, true),
      message,
      unknownSettingHint(declaration.stage, key, likely, known),
    );
  }
  for (const finding of findings) {
    if (finding.kind === "unexpected" || isFollowOn(finding.path)) continue;
    if (finding.kind === "missing") {
      const field = pathWords(finding.path);
      if (meant.has(field)) continue;
      const message = `step ${quoted(declaration.name)} lacks the setting ${quoted(field)}`;
      const about = describe(declaration.stage, finding.path) ?? `add it: with: { ${field}: … }`;
      const at =
        declaration.settings === undefined
          ? declaration.span
          : placeOf(declaration, finding.path.slice(0, -1), evaluated);
      reporter.report(finding.path.length === 1 ? declaration.span : at, message, about);
    } else {
      const about = describe(declaration.stage, finding.path);
      const hint = finding.hint === undefined || about === undefined ? undefined : `${finding.hint} (${about})`;
      const whole = finding.path.length === 0 ? `step ${quoted(declaration.name)}: ` : "";
      const message = whole + finding.message;
      const rule = `setting ${pathWords(finding.path)}`;
      reporter.report(placeOf(declaration, finding.path, evaluated), message, hint ?? finding.hint ?? about, rule);
    }
  }
}

function unknownSettingHint(
  stage: AnyStage,
  key: string,
  likely: string | undefined,
  known: ReadonlyArray<string>,
): string {
  if (Object.hasOwn(inputPorts(stage), key)) return `${quoted(key)} is an input port: write it under \`in\``;
  if (key === "seed" && stage.usesSeed) return "`seed` is a key of the step, beside `with`";
  if (likely !== undefined) return `did you mean ${quoted(likely)}?`;
  return known.length === 0 ? "it has no settings" : `its settings: ${listed(known)}`;
}

/** What the schema says of a setting: `learningRate: peak rate of AdamW`. */
function describe(stage: AnyStage, path: Path): string | undefined {
  const field = path[0];
  const ast = writtenForm(stage.config.ast);
  if (field === undefined || ast._tag !== "Objects") return undefined;
  const written = annotationThroughProperty(ast, field);
  return typeof written === "string" ? `${String(field)}: ${written}` : undefined;
}

function annotationThroughProperty(ast: SchemaAST.Objects, field: PropertyKey): unknown {
  const property = ast.propertySignatures.find((property) => property.name === field);
  return property === undefined ? undefined : annotationThrough(property.type, "description");
}

/** The argument a value came from, else its place in the file. */
function placeOf(declaration: StepDeclaration, path: Path, evaluated: Evaluated, isKey = false): Place {
  const argument = originAt(evaluated.origins, path)?.argument;
  if (argument !== undefined) return { argument };
  const { settings } = declaration;
  const keySpan = settings === undefined ? undefined : keySpanAt(settings, path);
  const below = keySpan === undefined ? argumentBelow(evaluated, path) : undefined;
  if (below !== undefined) return { argument: below };
  if (settings === undefined) return declaration.span;
  return (isKey ? keySpan : undefined) ?? nodeAt(settings, path).span;
}

/** A mapping that only an argument made: `--set bi0.x.y=1` where the file has no `x`. */
function argumentBelow({ origins }: Evaluated, path: Path): string | undefined {
  if (path.length === 0) return undefined;
  const prefix = `${originKey(path)}\n`;
  return [...origins].find(([key]) => key.startsWith(prefix))?.[1].argument;
}

const keySpanAt = (settings: YamlNode, path: Path) =>
  entryOf(nodeAt(settings, path.slice(0, -1)), String(path.at(-1)))?.keySpan;
