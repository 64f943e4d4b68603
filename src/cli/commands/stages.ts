/**
 * `pipeline stages [NAME]`: every stage in a table, or one of them, or of the user's own by its file, with its ports and every
 * setting's meaning and default.
 */
import { dirname, resolve } from "node:path";
import { InvalidPipeline } from "../../core/Diagnostic.ts";
import { isStageFile } from "../../core/StageFile.ts";
import { type InputPort, type OutputPort, typeLabel } from "../../core/ArtifactType.ts";
import type { AnyStage } from "../../core/Stage.ts";
import { renderTable } from "../../log/table.ts";
import { nameHint } from "../../core/suggest.ts";
import { stages } from "../../../stages/index.ts";
import { type Invocation, isOn, UsageError, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { printJson, printLines } from "../output.ts";
import { stageFilesOn } from "../ownStages.ts";
import { cacheFolder } from "../places.ts";
import { perform } from "../session.ts";
import { argumentDiagnostic } from "../../spec/stageFiles.ts";
import { configJsonSchema, type Setting, settingsOf } from "../stageSettings.ts";
import { wrapText } from "../wrapText.ts";

export async function stagesCommand(invocation: Invocation): Promise<number> {
  const [name] = invocation.operands;
  const chosen = name === undefined ? stages : [await stageOf(name, invocation)];
  if (isOn(invocation, "json")) printJson(chosen.map(stageJson));
  else if (name === undefined) printLines(overview(chosen));
  else printLines(stageLines(chosen[0]!));
  return exitCodes.done;
}

const stageOf = (name: string, invocation: Invocation): AnyStage | Promise<AnyStage> =>
  isStageFile(name) ? stageInFile(name, invocation) : stageNamed(name);

/** As a step would have it; what is wrong with it is told as there, with the argument in place of the step. */
async function stageInFile(written: string, invocation: Invocation): Promise<AnyStage> {
  const cwd = process.cwd();
  const path = resolve(cwd, written);
  const load = stageFilesOn(cacheFolder(valueOf(invocation, "cache"), dirname(path)));
  const { stage, problems = [] } = (await perform(load([path]))).get(path)!;
  if (stage !== undefined) return stage;
  throw new InvalidPipeline({ diagnostics: problems.map((problem) => argumentDiagnostic(written, problem, cwd)) });
}

function stageNamed(name: string): AnyStage {
  const stage = stages.find((each) => each.name === name);
  const names = stages.map((each) => each.name);
  if (stage === undefined) throw new UsageError(`there is no stage \`${name}\``, nameHint(name, names, "stages"));
  return stage;
}

function stageJson(stage: AnyStage) {
  const { name, version, description } = stage;
  return {
    name,
    version,
    description,
    config: configJsonSchema(stage),
    inputs: mapValues(inputsOf(stage), inputLabel),
    outputs: mapValues(outputsOf(stage), outputLabel),
  };
}

const mapValues = <A, B>(record: { readonly [key: string]: A }, change: (value: A) => B) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

const inputsOf = (stage: AnyStage): { readonly [port: string]: InputPort<unknown> } => stage.inputs;
const outputsOf = (stage: AnyStage): { readonly [port: string]: OutputPort<unknown> } => stage.outputs;

/** `Sentences | Pairs`, `Metrics[]`, `TokenPairs?`. */
function inputLabel({ types, list, optional }: InputPort<unknown>): string {
  const names = [...new Set(types.map(typeLabel))].join(" | ");
  return `${list && types.length > 1 ? `(${names})` : names}${list ? "[]" : ""}${optional ? "?" : ""}`;
}

/** An output that depends on what is linked says so: `same as from`. */
function outputLabel({ type }: OutputPort<unknown>): string {
  if (typeof type === "function") return "depends on the inputs";
  return "sameAs" in type ? `same as ${type.sameAs}` : typeLabel(type);
}

const overview = (chosen: ReadonlyArray<AnyStage>): ReadonlyArray<string> => {
  const indent = Math.max(...chosen.map((stage) => stage.name.length)) + 2;
  return chosen.flatMap((stage) => hanging(stage.name, indent, stage.description));
};

function stageLines(stage: AnyStage): ReadonlyArray<string> {
  const inputs = Object.entries(inputsOf(stage)).map(([port, input]) => [port, inputLabel(input), input.description]);
  const outputs = Object.entries(outputsOf(stage)).map(([port, output], i) => {
    return [port, outputLabel(output), `${output.description}${i === 0 ? " (main port)" : ""}`];
  });
  const depends = [stage.usesSeed ? "the seed" : "", stage.usesEngine ? "the engine" : ""].filter(
    (part) => part !== "",
  );
  return [
    ...wrapText(`${stage.name} (version ${stage.version}): ${stage.description}`, width()),
    ...(depends.length > 0 ? [`Its outputs also depend on ${depends.join(" and ")}.`] : []),
    ...section("Inputs", inputs),
    ...section("Outputs", outputs),
    "",
    "Settings",
    ...settingLines(settingsOf(stage)),
  ];
}

const section = (title: string, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  rows.length === 0
    ? []
    : ["", title, ...renderTable([{ title: "" }, { title: "" }, { title: "" }], rows).map((line) => `  ${line}`)];

function settingLines(settings: ReadonlyArray<Setting>): ReadonlyArray<string> {
  if (settings.length === 0) return ["  none"];
  return settings.flatMap((setting) => {
    const need = setting.need === "default" ? `default ${JSON.stringify(setting.default)}` : setting.need;
    return [
      `  ${setting.name}: ${setting.takes}; ${need}`,
      ...wrapText(setting.description, width() - 6).map((line) => `      ${line}`),
    ];
  });
}

const width = () => Math.max(60, Math.min(process.stdout.columns ?? 100, 120));

function hanging(label: string, indent: number, text: string): ReadonlyArray<string> {
  return wrapText(text, width() - indent).map((line, i) => (i === 0 ? label : "").padEnd(indent) + line);
}
