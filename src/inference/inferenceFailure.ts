/** What ends an inference, as a stage's failure. */
import { StageFailure } from "../core/errors.ts";
import { EngineUnavailable } from "../engine/EngineChoice.ts";
import { InferenceInterrupted } from "./batchRunner.ts";

/** A known failure as the stage's own; anything else is a defect and passes as it is. */
export function inferenceFailure(error: unknown): StageFailure {
  if (error instanceof InferenceInterrupted) return new StageFailure({ cause: "interrupted", message: error.message });
  if (error instanceof EngineUnavailable)
    return new StageFailure({ cause: "stage-error", message: `${error.message}.`, hint: error.hint });
  throw error;
}
