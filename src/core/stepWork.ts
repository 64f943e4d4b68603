/**
 * What a step that was started does, until there is something to settle: it fetches what it reads, or computes its outputs under
 * a lease, or takes over what another run has made.
 */
import * as Effect from "effect/Effect";
import type { ArtifactStore } from "./ArtifactStore.ts";
import type { EngineInfo } from "./EngineInfo.ts";
import type { StageFailure, StoreError } from "./errors.ts";
import type { Executor } from "./Executor.ts";
import { Leases, type LeaseHolder } from "./Leases.ts";
import type { RunState } from "./RunState.ts";
import { runStep, type StepResult } from "./runStep.ts";
import { SourceFiles } from "./SourceFiles.ts";
import type { ProgressReport } from "./Stage.ts";

export type StepServices = ArtifactStore | SourceFiles | EngineInfo | Executor;

/** What came of a step that was started. */
export type Outcome =
  | { readonly kind: "ran"; readonly result: StepResult }
  /** What the step reads is here now, and its key can be known. */
  | { readonly kind: "fetched" }
  /** Another run has made the record meanwhile. */
  | { readonly kind: "adopted" }
  /** Another run is computing the key. */
  | { readonly kind: "held"; readonly holder: LeaseHolder }
  /** What it waited for is over: its record is there, or it is this run's turn. */
  | { readonly kind: "free" };

export type StepWork = Effect.Effect<Outcome, StageFailure | StoreError, StepServices>;

type OnProgress = (report: ProgressReport) => void;

export const workOf = (state: RunState, index: number, onProgress: OnProgress): StepWork =>
  state.evaluation[index]!.elsewhere.length > 0
    ? fetchFiles(state, index, onProgress)
    : computeUnderLease(state, index, onProgress);

/** Looks again once it has the lease: another run may have published and let go of it since the last look. */
const computeUnderLease = (state: RunState, index: number, onProgress: OnProgress): StepWork =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const purpose = { run: state.run, step: state.idOf(index) };
      const claim = yield* (yield* Leases).take(state.fingerprintOf(index), purpose);
      if (claim.kind === "held") return claim;
      const work = Effect.gen(function* () {
        if ((yield* state.look(index)).record !== undefined) return { kind: "adopted" } as const;
        state.announce(index);
        return { kind: "ran", result: yield* compute(state, index, onProgress) } as const;
      });
      return yield* Effect.ensuring(restore(work), claim.release);
    }),
  );

function compute(
  state: RunState,
  index: number,
  onProgress: OnProgress,
): Effect.Effect<StepResult, StageFailure | StoreError, StepServices> {
  const { step, key, files } = state.evaluation[index]!;
  return runStep({
    graph: state.graph,
    run: state.run,
    step,
    key: key!,
    files,
    outputsOf: (producer) => state.schedule.outputs[producer]!,
    onProgress,
    onWarning: (message) => state.emit({ event: "step.warning", step: step.id, message }),
    startedAt: state.now(),
  });
}

const fetchFiles = (state: RunState, index: number, onProgress: OnProgress): StepWork =>
  Effect.gen(function* () {
    state.announce(index);
    const source = yield* SourceFiles;
    for (const field of state.evaluation[index]!.elsewhere)
      yield* source.fetch(field, (done, total) => onProgress({ done, total, unit: "bytes" }));
    return { kind: "fetched" } as const;
  });
