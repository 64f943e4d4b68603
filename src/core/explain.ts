/** Why a step runs, or ran: its nearest earlier record, each value that differs, and the root cause up the graph. */
import * as Effect from "effect/Effect";
import type { ActionRecord, EngineIdentity } from "./ActionRecord.ts";
import { ArtifactStore } from "./ArtifactStore.ts";
import type { InvalidPipeline } from "./Diagnostic.ts";
import type { Fingerprint } from "./digest.ts";
import type { Difference } from "./differences.ts";
import { EngineInfo } from "./EngineInfo.ts";
import type { SourceMissing, StoreError } from "./errors.ts";
import { evaluateGraph, type Evaluation, type StepEvaluation } from "./evaluate.ts";
import { linkAt, type Graph } from "./Graph.ts";
import { historyOf, nearestRecord, type History } from "./history.ts";
import { currentParts, neverRun, planStep, type PlanStep } from "./plan.ts";
import { selectSteps } from "./selectSteps.ts";
import type { SourceFiles } from "./SourceFiles.ts";

/** One link of the chain: this value of this step's key changed. */
export interface Reason extends Difference {
  readonly step: string;
}

/** The element of a plan, with what it was compared to. Of a fresh step, `why` compares with the record before its own. */
export interface Explanation extends PlanStep {
  readonly nearest: Fingerprint | null;
  /** From the step asked about up to the step whose own value changed, the root cause last; empty where nothing changed. */
  readonly rootCause: ReadonlyArray<Reason>;
}

/** Explains one step; a name that several cycles or cells share means the last of them. */
export const explainStep = Effect.fn("core.explainStep")(function* (
  graph: Graph,
  stepId: string,
): Effect.fn.Return<
  Explanation,
  StoreError | SourceMissing | InvalidPipeline,
  ArtifactStore | SourceFiles | EngineInfo
> {
  const selected = yield* selectSteps(graph, "", [stepId]);
  const asked = Math.max(...selected);
  const evaluation = yield* evaluateGraph(graph, { until: [graph.steps[asked]!.id] });
  const engine = yield* EngineInfo;
  const history = historyOf(yield* (yield* ArtifactStore).records);
  const evaluated = evaluation[asked]!;
  const context = { graph, evaluation, engine, history };
  const found = compare(context, evaluated);
  const plan = planStep(graph, evaluation, history, engine, evaluated);
  const why = plan.state === "fresh" ? (found?.differences ?? []) : plan.why;
  const nearest = found?.record.fingerprint ?? null;
  return { ...plan, why, nearest, rootCause: chain(context, evaluated, why, new Set()) };
});

interface Context {
  readonly graph: Graph;
  readonly evaluation: Evaluation;
  readonly engine: EngineIdentity;
  readonly history: History;
}

/** The nearest record that is not the step's own. Of a fresh step it has to be older: the question is what made it run. */
function compare({ graph, evaluation, engine, history }: Context, evaluated: StepEvaluation) {
  const own = evaluated.key && history.byFingerprint.get(evaluated.key.fingerprint);
  const isEarlier = (record: ActionRecord) =>
    own === undefined ||
    (record.fingerprint !== own.fingerprint && record.provenance.startedAt <= own.provenance.startedAt);
  const parts = currentParts(evaluation, evaluated, engine);
  return nearestRecord(history, graph, evaluated.step, parts, evaluated.files, isEarlier);
}

/**
 * Follows changed inputs upwards. A step with a changed value of its own (config, file, seed…) is the root; otherwise the
 * first changed input leads to the step that makes it.
 */
function chain(
  context: Context,
  evaluated: StepEvaluation,
  why: ReadonlyArray<Difference>,
  seen: Set<number>,
): ReadonlyArray<Reason> {
  seen.add(evaluated.index);
  const step = evaluated.step.id;
  const own = why.find((difference) => difference.part !== "input");
  if (own !== undefined) return [{ step, ...own }];
  const input = why[0];
  if (input === undefined) return [];
  const producer = context.evaluation[linkAt(evaluated.step, input.path)?.step ?? -1];
  if (producer === undefined || seen.has(producer.index)) return [{ step, ...input }];
  return [{ step, ...input }, ...chain(context, producer, whyOfProducer(context, producer, input), seen)];
}

/** What changed in the step that makes the input: against the record that made the earlier content, where it is known. */
function whyOfProducer(context: Context, producer: StepEvaluation, input: Difference): ReadonlyArray<Difference> {
  const { graph, evaluation, engine, history } = context;
  if (producer.record === undefined) {
    const { why } = planStep(graph, evaluation, history, engine, producer);
    if (why.length > 0) return why;
  }
  const made = typeof input.from === "string" ? history.byOutput.get(input.from) : undefined;
  const parts = currentParts(evaluation, producer, engine);
  const isMaker = (record: ActionRecord) => made?.includes(record) ?? false;
  const nearest =
    nearestRecord(history, graph, producer.step, parts, producer.files, isMaker) ?? compare(context, producer);
  return nearest?.differences ?? [neverRun(producer)];
}
