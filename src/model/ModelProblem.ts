/** What is wrong with a model's files, said once and in full. */
export class ModelProblem extends Error {
  override readonly name = "ModelProblem";
  /** The file or folder that is at fault. */
  readonly path: string;
  readonly hint: string | undefined;

  constructor(path: string, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.hint = hint;
  }
}
