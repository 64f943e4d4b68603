/** Why a training ended without a result. Stages turn it into their `StageFailure`; anything else thrown is a defect. */
export class TrainingFailure extends Error {
  /** `invalid`: found before the first step. */
  readonly reason: "invalid" | "divergence" | "interrupted";
  /** What to do next, in one sentence. */
  readonly hint: string | undefined;

  constructor(reason: "invalid" | "divergence" | "interrupted", message: string, hint?: string) {
    super(message);
    this.name = "TrainingFailure";
    this.reason = reason;
    this.hint = hint;
  }
}
