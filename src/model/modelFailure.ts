/** Problems with model files as failures of a stage. */
import { StageFailure } from "../core/errors.ts";
import { ModelProblem } from "./ModelProblem.ts";

/** A ModelProblem becomes the step's failure with its path and hint; anything else is a defect and is thrown on. */
export function modelFailure(cause: unknown): StageFailure {
  if (!(cause instanceof ModelProblem)) throw cause;
  return new StageFailure({
    cause: "stage-error",
    message: cause.message,
    path: cause.path,
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
  });
}
