/** What a run would do and why, value by value, without doing it. */
import * as Effect from "effect/Effect";
import type { ActionRecord, EngineIdentity } from "./ActionRecord.ts";
import { ArtifactStore } from "./ArtifactStore.ts";
import type { InvalidPipeline } from "./Diagnostic.ts";
import type { Fingerprint } from "./digest.ts";
import type { CurrentParts, Difference } from "./differences.ts";
import { EngineInfo } from "./EngineInfo.ts";
import type { SourceMissing, StoreError } from "./errors.ts";
import { evaluateGraph, type Evaluation, type Selection, type StepEvaluation } from "./evaluate.ts";
import type { StepState } from "./events.ts";
import { keyPartsOf } from "./fingerprint.ts";
import type { Graph, Link, PathField, Step } from "./Graph.ts";
import { estimateMs, historyOf, nearestRecord, type History, type InputSizes } from "./history.ts";
import type { SourceFiles } from "./SourceFiles.ts";
import { stageLabel } from "./StageFile.ts";

export interface PlanStep {
  readonly step: string;
  /** As `uses` has it. */
  readonly stage: string;
  readonly state: StepState;
  /** Empty where the step is fresh. */
  readonly why: ReadonlyArray<Difference>;
  /** Null while an input's digest is not known. */
  readonly fingerprint: Fingerprint | null;
  /** From the last durations of it, or of its stage, by size of inputs; null without any, 0 where the step is fresh. */
  readonly estimateMs: number | null;
}

export interface Plan {
  readonly steps: ReadonlyArray<PlanStep>;
  /** Sum over the stale steps whose time is known. */
  readonly estimateMs: number;
}

export const planGraph = Effect.fn("core.planGraph")(function* (
  graph: Graph,
  selection: Selection = {},
): Effect.fn.Return<Plan, StoreError | SourceMissing | InvalidPipeline, ArtifactStore | SourceFiles | EngineInfo> {
  const evaluation = yield* evaluateGraph(graph, selection);
  const engine = yield* EngineInfo;
  // A plan with nothing stale needs no history, and is as fast as a run with nothing to do.
  const isAllFresh = evaluation.every((step) => step === undefined || ["fresh", "skipped"].includes(stateOf(step)));
  const history = historyOf(isAllFresh ? [] : yield* (yield* ArtifactStore).records);
  const steps = evaluation
    .filter((step) => step !== undefined)
    .map((step) => planStep(graph, evaluation, history, engine, step));
  return { steps, estimateMs: steps.reduce((sum, step) => sum + (step.estimateMs ?? 0), 0) };
});

export function planStep(
  graph: Graph,
  evaluation: Evaluation,
  history: History,
  engine: EngineIdentity,
  evaluated: StepEvaluation,
): PlanStep {
  const { step, key } = evaluated;
  const state = stateOf(evaluated);
  return {
    step: step.id,
    stage: stageLabel(step.stage, graph.file),
    state,
    why: whyNow(graph, evaluation, history, engine, evaluated),
    fingerprint: key?.fingerprint ?? null,
    estimateMs:
      state === "fresh" || state === "skipped" ? 0 : estimateMs(history, graph, step, inputSizes(evaluation, step)),
  };
}

/** What `waits` may turn out to be what a record was made of, or not to run at all. */
export function stateOf({ record, elsewhere, leftOutBy, undecided }: StepEvaluation): StepState {
  if (leftOutBy !== undefined) return "skipped";
  if (record !== undefined) return "fresh";
  return elsewhere.length > 0 || undecided !== undefined ? "waits" : "stale";
}

function whyNow(
  graph: Graph,
  evaluation: Evaluation,
  history: History,
  engine: EngineIdentity,
  evaluated: StepEvaluation,
): ReadonlyArray<Difference> {
  const { record, elsewhere, leftOutBy, undecided } = evaluated;
  if (leftOutBy !== undefined) return [decisionOf(graph, leftOutBy, "stop")];
  if (undecided !== undefined) return [decisionOf(graph, undecided, null)];
  if (record !== undefined) return [];
  return elsewhere.length > 0 ? elsewhere.map(notHere) : whyStale(graph, evaluation, history, engine, evaluated);
}

const decisionOf = (graph: Graph, index: number, to: "stop" | null): Difference => ({
  part: "decision",
  path: graph.steps[index]!.id,
  from: null,
  to,
});

const notHere = ({ field, written }: PathField): Difference => ({
  part: "download",
  path: field,
  from: null,
  to: written,
});

function whyStale(
  graph: Graph,
  evaluation: Evaluation,
  history: History,
  engine: EngineIdentity,
  evaluated: StepEvaluation,
): ReadonlyArray<Difference> {
  const { step, key, isForced, files } = evaluated;
  const forced: ReadonlyArray<Difference> = isForced ? [{ part: "force", path: step.id, from: null, to: true }] : [];
  const same = key === undefined ? undefined : history.byFingerprint.get(key.fingerprint);
  if (same !== undefined) return isForced ? forced : lostOutputs(same);
  const nearest = nearestRecord(history, graph, step, currentParts(evaluation, evaluated, engine), files);
  if (nearest !== undefined) return [...forced, ...nearest.differences];
  return [...forced, neverRun(evaluated)];
}

/** A step without any earlier record to compare with. */
export const neverRun = ({ step }: StepEvaluation): Difference => ({
  part: "stage",
  path: "name",
  from: null,
  to: step.stage.name,
});

/** The record is there, but the cache no longer has all that it names. */
const lostOutputs = (record: ActionRecord): ReadonlyArray<Difference> =>
  Object.entries(record.outputs).map(([port, { digest }]) => ({ part: "output", path: port, from: digest, to: null }));

/** The key as far as it is known: null stands for digests that only an earlier step's run will tell. */
export function currentParts(
  evaluation: Evaluation,
  { step, key, files }: StepEvaluation,
  engine: EngineIdentity,
): CurrentParts {
  if (key !== undefined) return key.parts;
  const digestOf = (link: Link): string | null => evaluation[link.step]?.record?.outputs[link.port]?.digest ?? null;
  const inputs = Object.entries(step.inputs).map(([port, value]) => [
    port,
    Array.isArray(value) ? (value as ReadonlyArray<Link>).map(digestOf) : digestOf(value as Link),
  ]);
  return { ...keyPartsOf(step, { inputs: {}, files, engine }), inputs: Object.fromEntries(inputs) };
}

/** Of the inputs that are there already. */
function inputSizes(evaluation: Evaluation, step: Step): InputSizes {
  const sizeOf = ({ step: producer, port }: Link) => evaluation[producer]?.record?.outputs[port]?.sizeBytes;
  const sizes = Object.entries(step.inputs).flatMap(([port, value]) => {
    const bytes = (Array.isArray(value) ? (value as ReadonlyArray<Link>) : [value as Link]).map(sizeOf);
    return bytes.includes(undefined) ? [] : [[port, bytes.reduce<number>((sum, size) => sum + size!, 0)] as const];
  });
  return Object.fromEntries(sizes);
}
