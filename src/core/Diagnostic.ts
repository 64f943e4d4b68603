/** A mistake in a pipeline file or in the arguments: where, what, and what to do. All are gathered before any is shown. */
import * as Schema from "effect/Schema";
import type { SourceLocation } from "./Graph.ts";

/** A second place, in another file: where in a stage of the user's own the mistake is that `uses` brought in. */
export interface Related {
  readonly location: SourceLocation;
  readonly length: number;
}

export interface Diagnostic {
  /** Absent where the place is an argument (`--set cycels=4`), named in `argument` instead. */
  readonly location?: SourceLocation;
  /** Columns underlined from `location.column`; at least 1. */
  readonly length?: number;
  readonly argument?: string;
  readonly message: string;
  readonly hint?: string;
  readonly related?: Related;
}

/** The pipeline file or the arguments are invalid. Exit code 2. */
export class InvalidPipeline extends Schema.TaggedError<InvalidPipeline>()("InvalidPipeline", {
  diagnostics: Schema.Array(Schema.Any),
}) {
  declare readonly diagnostics: ReadonlyArray<Diagnostic>;
}
