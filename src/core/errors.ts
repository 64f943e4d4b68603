/**
 * The tagged errors of a run. Facts are fields, `message` is one sentence made of them, `hint` says what to do next.
 * The user's own mistakes in a pipeline file are `Diagnostic`s (core/Diagnostic.ts), gathered, never thrown one by one.
 */
import * as Schema from "effect/Schema";

/** Why a step failed; recorded, never cached as a result. */
export const FailureCause = Schema.Literals([
  "stage-error",
  "divergence",
  "timeout",
  "killed",
  "out-of-memory",
  "inputs-moved",
  "cache-error",
  "interrupted",
]);
export type FailureCause = typeof FailureCause.Type;

/** A stage could not do its work: what it read is malformed, or training diverged. Exit code 1 (2 where a path is not there). */
export class StageFailure extends Schema.TaggedError<StageFailure>()("StageFailure", {
  cause: FailureCause,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** Where in what was read: `data/pairs.tsv`, line 17. */
  path: Schema.optionalKey(Schema.String),
  line: Schema.optionalKey(Schema.Number),
  /** Of a stage that broke on a fault of its own: its stack. */
  trace: Schema.optionalKey(Schema.String),
}) {}

/** What reading a file failed with, as the failure of a stage: in that file, and in the line that the error tells. */
export function fileFailure(path: string, cause: unknown): StageFailure {
  const { hint, line } = (cause ?? {}) as { readonly hint?: unknown; readonly line?: unknown };
  return new StageFailure({
    cause: "stage-error",
    message: cause instanceof Error ? cause.message : String(cause),
    path,
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof line === "number" ? { line } : {}),
  });
}

/** The cache or its disk failed. Exit code 3. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  /** What was being done: `write`, `read`, `publish`, `open`. */
  operation: Schema.String,
  path: Schema.String,
  /** The system's code where there is one: `ENOSPC`, `EACCES`; else `corrupt`, `version`. */
  code: Schema.String,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** The blob that is `corrupt` or `missing`. */
  digest: Schema.optionalKey(Schema.String),
}) {}

/** What a step reads lies elsewhere and is not here yet: a run fetches it first. */
export class SourceElsewhere extends Schema.TaggedError<SourceElsewhere>()("SourceElsewhere", {
  step: Schema.String,
  field: Schema.String,
  /** As written: `hub:owner/name@commit`. */
  source: Schema.String,
}) {}

/** A file that a step reads is not there or not readable. Exit code 2. */
export class SourceMissing extends Schema.TaggedError<SourceMissing>()("SourceMissing", {
  step: Schema.String,
  field: Schema.String,
  path: Schema.String,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
}) {}
