/**
 * Runs a graph: whatever the cache has a record of is a hit, the rest runs as soon as its inputs are known, in parallel
 * where the graph allows. The cache is the only state: an interrupted or killed run goes on by running again.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Json } from "./canonicalJson.ts";
import type { InvalidPipeline } from "./Diagnostic.ts";
import { environmentFacts } from "./environment.ts";
import type { SourceMissing, StoreError } from "./errors.ts";
import { evaluateGraph, type Evaluation, type Selection } from "./evaluate.ts";
import type { RunEvent } from "./events.ts";
import type { Graph } from "./Graph.ts";
import { Executor } from "./Executor.ts";
import { GraphRun } from "./GraphRun.ts";
import { checkResources } from "./resources.ts";
import { stateOf } from "./plan.ts";
import type { RunState, StepFailure } from "./RunState.ts";
import { stageLabel } from "./StageFile.ts";
import type { StepServices } from "./stepWork.ts";
import { RunLog, type OpenRun, type RunStart } from "./RunLog.ts";

export interface RunOptions extends Selection {
  /** The run's id: `makeRunId()`. */
  readonly run: string;
  /** Most steps at once. Absent: cheap steps as many as there are cores, beside one that claims all cores. */
  readonly jobs?: number | undefined;
  /** After a failure, go on with what it does not block. */
  readonly keepGoing?: boolean | undefined;
  /**
   * When it aborts, the run is told to be interrupted and its log closed before `abort()` returns, whatever still runs: for who
   * then ends the process.
   */
  readonly abandon?: AbortSignal | undefined;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  /** Kept in the run's manifest beside the other options: the raw `--set`s and the like. */
  readonly asked?: { readonly [name: string]: Json } | undefined;
}

export interface RunSummary {
  readonly run: string;
  readonly status: "succeeded" | "failed";
  readonly ran: number;
  readonly hits: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs: number;
  /** The file's `outputs`, as far as it is known which cycles of their loops ran. */
  readonly outputs: Graph["outputs"];
  /** In the order they happened. A `cache-error` among them asks for exit code 3. */
  readonly failures: ReadonlyArray<StepFailure>;
}

/**
 * Runs what is stale. A failed step is part of the summary; the effect fails only where nothing could be started or the
 * cache broke. Interrupting it asks what runs to end, keeps all that is finished, and ends with `run.finished`.
 */
export const runGraph = Effect.fn("core.runGraph")(function* (
  graph: Graph,
  options: RunOptions,
): Effect.fn.Return<RunSummary, StoreError | SourceMissing | InvalidPipeline, StepServices | RunLog> {
  const began = performance.now();
  const clock = yield* Clock.Clock;
  const now = () => new Date(clock.currentTimeMillisUnsafe()).toISOString();
  const evaluation = yield* evaluateGraph(graph, options);
  const { machine } = yield* Executor;
  if (machine !== undefined) yield* checkResources(evaluation, machine);
  const log = yield* (yield* RunLog).open(runStart(graph, options, now()));
  const emit = (event: RunEvent) => {
    log.append(event);
    options.onEvent?.(event);
  };
  const { run: id, keepGoing = false, jobs } = options;
  const running = new GraphRun(graph, evaluation, { run: id, keepGoing, jobs, machine }, emit, now);
  const { state } = running;
  emit({ event: "run.started", run: id, file: graph.file, plan: plannedStates(evaluation) });
  const finish = (status: "succeeded" | "failed" | "interrupted") => {
    options.abandon?.removeEventListener("abort", abandon);
    return finishRun(state, log, emit, { status, finished: now(), durationMs: Math.round(performance.now() - began) });
  };
  const abandon = () => {
    state.tellInterrupted();
    Effect.runSync(Effect.ignore(finish("interrupted")));
  };
  options.abandon?.addEventListener("abort", abandon);
  yield* Effect.onExit(running.toEnd(), (exit) => {
    if (Exit.isSuccess(exit)) return Effect.void;
    const status = Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "failed";
    return running.stop().pipe(Effect.andThen(Effect.suspend(() => finish(status))), Effect.ignore);
  });
  const status = state.failures.length > 0 ? "failed" : "succeeded";
  const durationMs = yield* finish(status);
  return { run: id, status, ...state.counts(), durationMs, outputs: state.outputs(), failures: state.failures };
});

type End = { readonly status: "succeeded" | "failed" | "interrupted"; finished: string; durationMs: number };

const finishRun = Effect.fnUntraced(function* (
  run: RunState,
  log: OpenRun,
  emit: (event: RunEvent) => void,
  { status, finished, durationMs }: End,
): Effect.fn.Return<number, StoreError> {
  emit({ event: "run.finished", status, ...run.counts(), durationMs });
  yield* log.close({ status, finished, ...run.counts() });
  return durationMs;
});

const plannedStates = (evaluation: Evaluation) =>
  evaluation
    .filter((step) => step !== undefined)
    .map((evaluated) => ({ step: evaluated.step.id, state: stateOf(evaluated) }));

const runStart = (graph: Graph, options: RunOptions, started: string): RunStart => ({
  run: options.run,
  pipeline: graph.name,
  file: graph.file,
  seed: graph.seed,
  params: graph.params,
  options: {
    until: options.until ?? [],
    force: options.force ?? [],
    jobs: options.jobs ?? null,
    keepGoing: options.keepGoing ?? false,
    ...options.asked,
  },
  steps: graph.steps.map(({ id, stage, pin }) => ({
    step: id,
    stage: stageLabel(stage, graph.file),
    version: stage.version,
    ...(pin === true ? { pin } : {}),
  })),
  environment: environmentFacts(),
  started,
});
