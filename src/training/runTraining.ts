/**
 * The training stages' side of a training: the engine and the progress of the running step come in as services, failures go
 * out as the stage's. Light to import: the loop comes by `import()`.
 */
import * as Effect from "effect/Effect";
import { StageFailure } from "../core/errors.ts";
import { Progress } from "../core/Stage.ts";
import { Engine } from "../engine/Engine.ts";
import type { Method } from "./Method.ts";
import type { TrainingOptions } from "./options.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

/**
 * Trains to the end of the options' schedule.
 * @param prepare checks what the stage was given and makes the method; runs inside, so that its failures are the stage's
 */
export const runTraining = Effect.fn("runTraining")(function* (
  prepare: () => Promise<Method>,
  options: TrainingOptions,
) {
  const progress = yield* Progress;
  const engine = yield* Engine;
  const trained = yield* Effect.tryPromise({
    try: async () => {
      const { train } = await import("./train.ts");
      return train(await prepare(), engine, options, {
        isInterrupted: progress.isInterrupted,
        report: ({ step, total, loss, learningRate, tokensPerSecond, observed }, warnings) =>
          progress.report({
            done: step,
            total,
            unit: "steps",
            metrics: { loss, learningRate, tokensPerSecond, ...observed, ...warnings },
          }),
      });
    },
    catch: asStageFailure,
  });
  if (trained.collapsed)
    yield* Effect.logWarning(
      "The loss stayed at its value for embeddings that are all equal (ln of the batch size): the encoder has collapsed. Lower learningRate or raise batchSize.",
    );
  return trained;
});

/** A known failure as the stage's own; anything else is a defect and passes as it is. */
export function asStageFailure(error: unknown): StageFailure {
  if (!(error instanceof TrainingFailure)) throw error;
  return new StageFailure({
    cause: error.reason === "invalid" ? "stage-error" : error.reason,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
