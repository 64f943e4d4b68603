/**
 * One step that has to run, from its key to its record: files checked, task executed, files checked again, record published.
 * Nothing is published when a file it read has moved, since the outputs would stand under a key that is not theirs.
 */
import * as Effect from "effect/Effect";
import type { ActionRecord } from "./ActionRecord.ts";
import { ArtifactStore } from "./ArtifactStore.ts";
import { CheckpointStore } from "./Checkpoints.ts";
import { deviceOf } from "./device.ts";
import type { ContentDigest } from "./digest.ts";
import { environmentFacts } from "./environment.ts";
import { StageFailure, type StoreError } from "./errors.ts";
import { resolveFiles, type Outputs, type StepKey } from "./evaluate.ts";
import { Executor, type Task, type TaskListener, type TaskResult } from "./Executor.ts";
import type { FilesByField } from "./fingerprint.ts";
import type { Graph, Link, Step } from "./Graph.ts";
import { withTimeout } from "./limits.ts";
import { SourceFiles } from "./SourceFiles.ts";

export interface StepRun extends TaskListener {
  readonly graph: Graph;
  readonly run: string;
  readonly step: Step;
  readonly key: StepKey;
  readonly files: FilesByField;
  readonly outputsOf: (producer: number) => Outputs;
  readonly startedAt: string;
}

export interface StepResult {
  readonly outputs: Outputs;
  readonly durationMs: number;
  readonly differs: Differs | undefined;
}

type Differs = { readonly [port: string]: { readonly recorded: ContentDigest; readonly computed: ContentDigest } };

/** Runs the task; interruption reaches the executor, but never falls between a finished task and its record. */
export const runStep = (
  asked: StepRun,
): Effect.Effect<StepResult, StageFailure | StoreError, ArtifactStore | SourceFiles | Executor> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const files = yield* restore(filesUnmoved(asked));
      const executor = yield* Executor;
      const { id, limits } = asked.step;
      const start = (onSign: () => void) => executor.run(taskOf(asked, files), noting(asked, onSign));
      const unmoved = stillUnmoved(asked.step, files);
      const task = restore(withTimeout(start, id, limits));
      // What a stage cannot make sense of may have been half written: then that is what happened.
      const result = yield* Effect.catchIf(task, isStageError, (error) => Effect.andThen(unmoved, error));
      yield* unmoved;
      if (asked.step.stage.code?.isEdited() === true) asked.onWarning(editedMeanwhile);
      const made = recordOf(asked, files, result);
      const winner = yield* (yield* ArtifactStore).publish(made);
      // The step is done either way: a checkpoint left lying is garbage, to be collected as such.
      yield* Effect.ignore((yield* CheckpointStore).remove(asked.key.fingerprint));
      return { outputs: winner.outputs, durationMs: result.durationMs, differs: differencesOf(winner, made) };
    }),
  );

const noting = ({ onProgress, onWarning }: TaskListener, onSign: () => void): TaskListener => ({
  onProgress: (report) => {
    onSign();
    onProgress(report);
  },
  onWarning,
});

const isStageError = (error: StageFailure | StoreError): error is StageFailure =>
  error._tag === "StageFailure" && error.cause === "stage-error";

/** The files as they are now, which have to be those of the key: time may have passed since it was computed. */
const filesUnmoved = Effect.fnUntraced(function* ({
  step,
  files,
}: StepRun): Effect.fn.Return<FilesByField, StageFailure | StoreError, SourceFiles> {
  yield* packagesUnmoved(step);
  const now = yield* resolveFiles(step).pipe(
    Effect.catchTag("SourceMissing", (error) => Effect.fail(movedFailure(step, error.path))),
  );
  if (now.elsewhere[0] !== undefined) return yield* movedFailure(step, now.elsewhere[0].written);
  for (const [field, expected] of Object.entries(files)) {
    const found = now.files[field]!;
    const moved = expected.find((file, i) => found[i]?.digest !== file.digest) ?? found[expected.length];
    if (moved !== undefined) return yield* movedFailure(step, moved.path);
  }
  return now.files;
});

const stillUnmoved = Effect.fnUntraced(function* (
  step: Step,
  files: FilesByField,
): Effect.fn.Return<void, StageFailure | StoreError, SourceFiles> {
  yield* packagesUnmoved(step);
  if (step.paths.length === 0) return;
  const moved = yield* (yield* SourceFiles).recheck(step.paths, Object.values(files).flat());
  if (moved[0] !== undefined) return yield* movedFailure(step, moved[0]);
});

/** A stage's own code cannot move, for it runs as it was read; the packages that it imports can. */
const packagesUnmoved = ({ id, stage }: Step): Effect.Effect<void, StageFailure> =>
  Effect.suspend(() => {
    const moved = stage.code?.moved();
    return moved === undefined
      ? Effect.void
      : new StageFailure({
          cause: "inputs-moved",
          message: `${moved} while ${id} was running; nothing of it was cached.`,
          hint: "Run the same command again once what is installed no longer changes.",
          path: stage.code!.file,
        });
  });

const editedMeanwhile =
  "its stage was edited after the run began: it ran as it was then, and the next run takes it as it is now";

const movedFailure = (step: Step, path: string): StageFailure =>
  new StageFailure({
    cause: "inputs-moved",
    message: `${path} changed while ${step.id} was running; nothing of it was cached.`,
    hint: "Run the same command again once the file no longer changes.",
    path,
  });

function taskOf({ step, key, outputsOf }: StepRun, files: FilesByField): Task {
  const inputOf = (link: Link) => {
    const { type, digest } = outputsOf(link.step)[link.port]!;
    return { type, digest };
  };
  const device = deviceOf(step);
  const inputs = Object.entries(step.inputs).map(([port, value]) => [
    port,
    Array.isArray(value) ? (value as ReadonlyArray<Link>).map(inputOf) : inputOf(value as Link),
  ]);
  return {
    step: step.id,
    fingerprint: key.fingerprint,
    stage: step.stage,
    encodedConfig: step.encodedConfig,
    seed: step.stage.usesSeed ? (step.seed ?? 0) : 0,
    ...(device === undefined ? {} : { device }),
    ...(step.resources === undefined ? {} : { resources: step.resources }),
    files,
    inputs: Object.fromEntries(inputs),
  };
}

function recordOf(asked: StepRun, files: FilesByField, result: TaskResult): ActionRecord {
  const { graph, run, step, key, startedAt } = asked;
  const { outputs, durationMs, environment } = result;
  const named = Object.entries(files).map(([field, list]) => [
    field,
    list.map(({ path, digest }) => ({ path, digest })),
  ]);
  return {
    fingerprint: key.fingerprint,
    parts: key.parts,
    outputs,
    provenance: {
      run,
      step: step.id,
      pipeline: graph.name,
      startedAt,
      durationMs,
      environment: { ...environmentFacts(), ...environment },
      files: Object.fromEntries(named),
    },
  };
}

function differencesOf(winner: ActionRecord, made: ActionRecord): Differs | undefined {
  const unlike = Object.entries(made.outputs).flatMap(([port, { digest }]) => {
    const recorded = winner.outputs[port]?.digest;
    return recorded === undefined || recorded === digest ? [] : [[port, { recorded, computed: digest }] as const];
  });
  return unlike.length === 0 ? undefined : Object.fromEntries(unlike);
}
