/**
 * The training stages' side of a training: the engine, the progress and the checkpoints of the running step come in as
 * services, failures go out as the stage's. Light to import: the loop comes by `import()`.
 */
import * as Effect from "effect/Effect";
import { type Checkpoint, CheckpointEveryMs, Checkpoints } from "../core/Checkpoints.ts";
import { StageFailure } from "../core/errors.ts";
import { Progress } from "../core/Stage.ts";
import { Engine } from "../engine/Engine.ts";
import type { Method } from "./Method.ts";
import type { TrainingOptions } from "./options.ts";
import type { ResumableWatcher } from "./resumableTraining.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

/**
 * Trains to the end of the options' schedule, from the step's checkpoint where it has one.
 * @param prepare checks what the stage was given and makes the method; runs inside, so that its failures are the stage's
 */
export const runTraining = Effect.fn("runTraining")(function* (
  prepare: () => Promise<Method>,
  options: TrainingOptions,
) {
  const progress = yield* Progress;
  const engine = yield* Engine;
  const checkpoints = yield* Checkpoints;
  const everyMs = yield* CheckpointEveryMs;
  // Synchronous by contract: the loop goes on when the state is stored.
  const now = Effect.runSyncWith(yield* Effect.context());
  const warn = (message: string) => now(Effect.logWarning(message));
  return yield* Effect.tryPromise({
    try: async () => {
      const { resumableTraining } = await import("./resumableTraining.ts");
      const watcher: ResumableWatcher = {
        isInterrupted: progress.isInterrupted,
        resumed: (done, total) => progress.report({ done, total, unit: "steps", isResumed: true }),
        passedOver: () => warn(doesNotFit),
        warn,
        report: ({ step, total, loss, learningRate, tokensPerSecond, observed }, tripped) =>
          progress.report({
            done: step,
            total,
            unit: "steps",
            metrics: { loss, learningRate, tokensPerSecond, ...observed, ...tripped },
          }),
      };
      const keeper = {
        load: () => now(checkpoints.load),
        save: (checkpoint: Checkpoint) => now(checkpoints.save(checkpoint)),
        everyMs,
      };
      return resumableTraining(await prepare(), engine, options, watcher, keeper);
    },
    catch: asStageFailure,
  });
});

const doesNotFit =
  "There is a checkpoint of this step, but of another version of the program: the training starts from the beginning.";

/** A known failure as the stage's own; anything else is a defect and passes as it is. */
export function asStageFailure(error: unknown): StageFailure {
  if (!(error instanceof TrainingFailure)) throw error;
  return new StageFailure({
    cause: error.reason === "invalid" ? "stage-error" : error.reason,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
