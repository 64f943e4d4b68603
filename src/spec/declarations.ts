/** The file as declared: steps and loops with their places, before parameters are filled in and loops unrolled. */
import { basename, extname } from "node:path";
import type { AnyStage } from "../core/Stage.ts";
import { FileSchema, LoopSchema, StepSchema, termKeys } from "./PipelineFile.ts";
import { checkPorts, misplacedKeyHint } from "./ports.ts";
import type { Reporter, Span } from "./Reporter.ts";
import { checkName, checkShape, type Shaped } from "./shape.ts";
import { isStageFile } from "../core/StageFile.ts";
import { stageOfFile, type StageFileReading } from "./stageFiles.ts";
import { readStop } from "./stopRule.ts";
import { nameHint, quoted } from "../core/suggest.ts";
import { entryOf, type Entry, type MappingNode, type ScalarNode, type YamlNode } from "./YamlNode.ts";

/** A name and the link written for it; `link` is undefined where its form was wrong, which was reported. */
export interface NamedLink {
  readonly name: string;
  readonly nameSpan: Span;
  readonly link: ScalarNode | ReadonlyArray<ScalarNode> | undefined;
}

export interface StepDeclaration {
  readonly kind: "step";
  readonly name: string;
  /** `distil.student`. */
  readonly path: string;
  readonly span: Span;
  /** Undefined where it is not known, which was reported. */
  readonly stage: AnyStage | undefined;
  readonly inputs: ReadonlyArray<NamedLink>;
  readonly settings: YamlNode | undefined;
  readonly seed: ScalarNode | undefined;
  readonly matrix: MatrixDeclaration | undefined;
  /** Its `timeout`, `retry`, `resources` and `pin`, as far as they are written. */
  readonly terms: MappingNode | undefined;
  /** False where `with` was of the wrong form, so that nothing more can be said of the settings. */
  readonly hasReadableSettings: boolean;
  /** Of a decision (`stop`). */
  readonly decides?: DecisionDeclaration;
}

export interface DecisionDeclaration {
  /** As written, `devEval.average`. */
  readonly metric: ScalarNode;
  /** Of one whose metric was filled in: the declaration as it was read, by which arguments name it. */
  readonly readAs?: StepDeclaration;
}

export interface LoopDeclaration {
  readonly kind: "loop";
  readonly name: string;
  readonly path: string;
  readonly span: Span;
  /** Undefined where its form was wrong, which was reported. */
  readonly repeat: ScalarNode | undefined;
  readonly carry: ReadonlyArray<NamedLink>;
  readonly next: ReadonlyArray<NamedLink>;
  readonly block: Block;
  readonly seed: ScalarNode | undefined;
  readonly matrix: MatrixDeclaration | undefined;
  /** The decision at the end of each cycle; undefined where the loop has no `stop`, or an unusable one, which was reported. */
  readonly stop: StepDeclaration | undefined;
}

/** Axes with what is written for their values. */
export interface MatrixDeclaration {
  readonly span: Span;
  readonly axes: ReadonlyArray<Entry>;
}

export type Declaration = StepDeclaration | LoopDeclaration;

/** The steps and loops of a file or a loop's body, in written order. */
export interface Block {
  readonly members: ReadonlyArray<Declaration>;
  readonly slotOf: ReadonlyMap<string, number>;
}

export interface FileDeclaration {
  readonly name: string;
  readonly seed: ScalarNode | undefined;
  readonly params: ReadonlyArray<Entry>;
  readonly block: Block;
  readonly outputs: ReadonlyArray<NamedLink>;
}

interface Reading {
  readonly stages: ReadonlyMap<string, AnyStage>;
  readonly own: StageFileReading;
  readonly reporter: Reporter;
}

export function readDeclarations(
  root: YamlNode,
  file: string,
  { stages, own }: { readonly stages: ReadonlyArray<AnyStage>; readonly own: StageFileReading },
  reporter: Reporter,
): FileDeclaration {
  const reading = { stages: new Map(stages.map((stage) => [stage.name, stage])), own, reporter };
  const top = { line: 1, column: 1, length: 1 };
  const shaped = checkShape(root, FileSchema, "file", "the pipeline", top, reporter);
  const name = shaped.entries.get("name")?.value;
  return {
    name: name?.kind === "scalar" ? String(name.value) : basename(file, extname(file)),
    seed: scalarOf(shaped, "seed"),
    params: mappingEntries(shaped, "params"),
    block: readBlock(shaped, "", "the pipeline", top, reading),
    outputs: namedLinks(shaped, "outputs"),
  };
}

function scalarOf(shaped: Shaped, key: string): ScalarNode | undefined {
  const node = shaped.entries.get(key)?.value;
  return node?.kind === "scalar" ? node : undefined;
}

function mappingEntries(shaped: Shaped, key: string): ReadonlyArray<Entry> {
  const node = shaped.entries.get(key)?.value;
  return node?.kind === "mapping" ? node.entries : [];
}

const namedLinks = (shaped: Shaped, key: string): ReadonlyArray<NamedLink> =>
  mappingEntries(shaped, key).map((entry) => ({
    name: entry.key,
    nameSpan: entry.keySpan,
    link: linkScalars(entry.value),
  }));

const isLink = (item: YamlNode): item is ScalarNode =>
  item.kind === "scalar" && typeof item.value === "string" && item.value !== "";

function linkScalars(node: YamlNode): ScalarNode | ReadonlyArray<ScalarNode> | undefined {
  if (node.kind !== "sequence") return isLink(node) ? node : undefined;
  return node.items.every(isLink) ? node.items : undefined;
}

function readBlock(shaped: Shaped, prefix: string, what: string, span: Span, reading: Reading): Block {
  const entries = mappingEntries(shaped, "steps");
  if (entries.length === 0 && !shaped.broken.has("steps")) {
    reading.reporter.report(shaped.entries.get("steps")?.keySpan ?? span, `${what} has no steps`);
  }
  const members = entries.map((entry) => readMember(entry, prefix, reading));
  return { members, slotOf: new Map(members.map((member, slot) => [member.name, slot])) };
}

const loopKeys = ["repeat", "steps", "carry", "next", "stop"];

function readMember(entry: Entry, prefix: string, reading: Reading): Declaration {
  const isLoop = loopKeys.some((key) => entryOf(entry.value, key) !== undefined);
  checkName(entry.key, isLoop ? "a loop" : "a step", entry.keySpan, reading.reporter);
  return isLoop ? readLoop(entry, prefix, reading) : readStep(entry, prefix, reading);
}

function readStep({ key, keySpan, value }: Entry, prefix: string, reading: Reading): StepDeclaration {
  const { reporter } = reading;
  const uses = entryOf(value, "uses")?.value;
  const likelyStage = uses?.kind === "scalar" ? reading.stages.get(String(uses.value)) : undefined;
  const hint = (wrong: string) => misplacedKeyHint(likelyStage, wrong);
  const shaped = checkShape(value, StepSchema, "step", `step ${quoted(key)}`, keySpan, reporter, hint);
  const stage = stageOf(scalarOf(shaped, "uses"), reading);
  const inputs = namedLinks(shaped, "in");
  const settings = shaped.entries.get("with")?.value;
  if (stage !== undefined && !shaped.broken.has("in")) checkPorts(stage, key, keySpan, inputs, reporter);
  const seed = scalarOf(shaped, "seed");
  if (seed !== undefined && stage?.usesSeed === false) {
    reporter.report(shaped.entries.get("seed")!.keySpan, `stage ${quoted(stage.name)} uses no seed`, "remove `seed`");
  }
  return {
    kind: "step",
    name: key,
    path: prefix + key,
    span: keySpan,
    stage,
    inputs,
    settings,
    seed,
    matrix: matrixOf(shaped, `step ${quoted(key)}`, reporter),
    terms: termsOf(shaped, keySpan),
    hasReadableSettings: !shaped.broken.has("with"),
  };
}

/** By the keys that were meant: misspelt ones were reported. */
function termsOf(shaped: Shaped, span: Span): MappingNode | undefined {
  const entries = termKeys.flatMap((key) => {
    const entry = shaped.entries.get(key);
    return entry === undefined ? [] : [{ ...entry, key }];
  });
  return entries.length === 0 ? undefined : { kind: "mapping", entries, span };
}

function stageOf(uses: ScalarNode | undefined, { stages, own, reporter }: Reading): AnyStage | undefined {
  if (uses === undefined) return undefined;
  const name = String(uses.value);
  const stage = stages.get(name);
  if (stage !== undefined) return stage;
  if (name.includes("${")) {
    reporter.report(uses.span, "`uses` is always literal: no expression can stand here", "write the stage's name");
  } else if (isStageFile(name)) {
    return stageOfFile(uses, own, reporter);
  } else {
    reporter.report(uses.span, `there is no stage ${quoted(name)}`, nameHint(name, stages.keys(), "stages"));
  }
  return undefined;
}

function readLoop({ key, keySpan, value }: Entry, prefix: string, reading: Reading): LoopDeclaration {
  const { reporter } = reading;
  const what = `loop ${quoted(key)}`;
  const shaped = checkShape(value, LoopSchema, "loop", what, keySpan, reporter);
  const carry = namedLinks(shaped, "carry");
  const next = namedLinks(shaped, "next");
  for (const { name, nameSpan } of carry) checkName(name, "a carried value", nameSpan, reporter);
  if (!shaped.broken.has("carry") && !shaped.broken.has("next")) checkCarried(what, shaped, carry, next, reporter);
  const block = readBlock(shaped, `${prefix}${key}.`, what, keySpan, reading);
  const stop = shaped.entries.get("stop");
  return {
    kind: "loop",
    name: key,
    path: prefix + key,
    span: keySpan,
    repeat: scalarOf(shaped, "repeat"),
    carry,
    next,
    block,
    seed: scalarOf(shaped, "seed"),
    matrix: matrixOf(shaped, what, reporter),
    stop: stop && readStop(stop, `${prefix}${key}.`, block, reading.stages, reporter),
  };
}

function matrixOf(shaped: Shaped, what: string, reporter: Reporter): MatrixDeclaration | undefined {
  const entry = shaped.entries.get("matrix");
  if (entry?.value.kind !== "mapping") return undefined;
  const axes = entry.value.entries;
  if (axes.length === 0)
    reporter.report(entry.keySpan, `the matrix of ${what} has no axes`, "matrix: { seed: [1, 2] }");
  for (const { key, keySpan } of axes) checkName(key, "an axis of a matrix", keySpan, reporter);
  return axes.length === 0 ? undefined : { span: entry.keySpan, axes };
}

/** Each carried name needs both: what it is in cycle 1, and what it is in the following cycles. */
function checkCarried(
  what: string,
  shaped: Shaped,
  carry: ReadonlyArray<NamedLink>,
  next: ReadonlyArray<NamedLink>,
  reporter: Reporter,
): void {
  if (carry.length > 0 && !shaped.entries.has("next")) {
    const example = carry.map(({ name }) => `${name}: <step>`).join(", ");
    const message = `${what} has \`carry\` but no \`next\`: every cycle would see the same ${carry[0]!.name}`;
    reporter.report(
      shaped.entries.get("carry")!.keySpan,
      message,
      `say what it is in the following cycles: next: { ${example} }`,
    );
    return;
  }
  const carried = new Set(carry.map(({ name }) => name));
  const followed = new Set(next.map(({ name }) => name));
  const unstarted = next.filter(({ name }) => !carried.has(name));
  for (const { name, nameSpan } of unstarted) {
    const hint = nameHint(
      name,
      [...carried].filter((other) => !followed.has(other)),
      "carried names",
    );
    const likely = hint.startsWith("did you mean") ? hint : `add it to \`carry\`: carry: { ${name}: <step> }`;
    reporter.report(
      nameSpan,
      `${what}: ${quoted(name)} is in \`next\` but not in \`carry\`, so cycle 1 has no value for it`,
      likely,
    );
    const meant = /`(.+)`\?$/.exec(likely)?.[1];
    if (meant !== undefined) followed.add(meant);
  }
  for (const { name, nameSpan } of carry) {
    if (followed.has(name)) continue;
    reporter.report(
      nameSpan,
      `${what}: ${quoted(name)} is in \`carry\` but not in \`next\`, so the following cycles have no value for it`,
      `add it: next: { ${name}: <step> }`,
    );
  }
}
