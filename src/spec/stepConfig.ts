/** The settings of a step: expressions filled in, overrides applied, decoded by the stage's schema, defaults written out. */
import * as Result from "effect/Result";
import type * as SchemaAST from "effect/SchemaAST";
import * as SchemaParser from "effect/SchemaParser";
import type { PathField, Step } from "../core/Graph.ts";
import type { AnyStage } from "../core/Stage.ts";
import type { StepDeclaration } from "./declarations.ts";
import { annotationThrough, writtenForm } from "./expected.ts";
import type { Evaluated, Surroundings } from "./expression.ts";
import { fillIn, isFollowOn, originAt, placeOf } from "./filledIn.ts";
import { findingsOf, pathWords, type Finding, type Path } from "./findings.ts";
import type { Override } from "./params.ts";
import { termKeys } from "./PipelineFile.ts";
import { pathFields, type Folders } from "./pathFields.ts";
import { inputPorts } from "./ports.ts";
import type { Place, Reporter } from "./Reporter.ts";
import { closest, listed, quoted } from "../core/suggest.ts";

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
  const evaluated = fillIn(settings, overrides, surroundings, reporter);
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

function reportFindings(
  declaration: StepDeclaration & { readonly stage: AnyStage },
  findings: ReadonlyArray<Finding>,
  evaluated: Evaluated,
  reporter: Reporter,
): void {
  const given = new Set(Object.keys(evaluated.value as object));
  const meant = new Set<string>();
  const unexpected = findings.filter((finding) => finding.kind === "unexpected");
  for (const finding of unexpected) {
    const { path, known } = finding;
    const key = String(path.at(-1));
    const free = path.length === 1 ? known.filter((name) => !given.has(name)) : known;
    const likely = closest(key, free);
    if (likely !== undefined && path.length === 1) meant.add(likely);
    const message = `stage ${quoted(declaration.stage.name)} has no setting ${quoted(pathWords(path))}`;
    reporter.report(
      placeIn(declaration, path, evaluated, true),
      message,
      unknownSettingHint(declaration.stage, key, likely, known),
    );
  }
  for (const finding of findings) {
    if (finding.kind === "unexpected" || isFollowOn(evaluated, finding.path)) continue;
    if (finding.kind === "missing") {
      const field = pathWords(finding.path);
      if (meant.has(field)) continue;
      const message = `step ${quoted(declaration.name)} lacks the setting ${quoted(field)}`;
      const about = describe(declaration.stage, finding.path) ?? `add it: with: { ${field}: … }`;
      const at =
        declaration.settings === undefined
          ? declaration.span
          : placeIn(declaration, finding.path.slice(0, -1), evaluated);
      reporter.report(finding.path.length === 1 ? declaration.span : at, message, about);
    } else {
      const about = describe(declaration.stage, finding.path);
      const hint = finding.hint === undefined || about === undefined ? undefined : `${finding.hint} (${about})`;
      const whole = finding.path.length === 0 ? `step ${quoted(declaration.name)}: ` : "";
      const message = whole + finding.message;
      const rule = `setting ${pathWords(finding.path)}`;
      reporter.report(placeIn(declaration, finding.path, evaluated), message, hint ?? finding.hint ?? about, rule);
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
  const term = closest(key, termKeys);
  if (term !== undefined) return `${quoted(term)} is a key of the step, beside \`with\``;
  return known.length === 0 ? "it has no settings" : `its settings: ${listed(known)}`;
}

export function settingNames(stage: AnyStage): ReadonlyArray<string> {
  const ast = writtenForm(stage.config.ast);
  return ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => String(name)) : [];
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
const placeIn = ({ settings, span }: StepDeclaration, path: Path, evaluated: Evaluated, isKey = false): Place =>
  placeOf(settings, path, evaluated, span, isKey);
