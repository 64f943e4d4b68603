/** What went wrong between us and the hub: one sentence and what to do. */
export class HubProblem extends Error {
  override readonly name = "HubProblem";
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
