/** The files that `path()` fields name, found and hashed. The implementation with its stat cache lives in `src/store`. */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { SourceElsewhere, SourceMissing, StoreError } from "./errors.ts";
import type { PathField } from "./Graph.ts";
import type { RemoteFolders } from "./RemoteFolders.ts";
import type { SourceFile } from "./Stage.ts";

export class SourceFiles extends Context.Service<
  SourceFiles,
  {
    /** Expands the pattern and hashes what it finds, sorted by name in code-unit order; nothing found is an error. */
    readonly resolve: (
      step: string,
      field: PathField,
    ) => Effect.Effect<ReadonlyArray<SourceFile>, SourceMissing | SourceElsewhere | StoreError>;
    /** Brings here what `resolve` said is elsewhere. */
    readonly fetch: RemoteFolders["fetch"];
    /** Looks again, past every shortcut: the paths of files that changed since, went, or came to be among those that the fields name. */
    readonly recheck: (
      fields: ReadonlyArray<PathField>,
      files: ReadonlyArray<SourceFile>,
    ) => Effect.Effect<ReadonlyArray<string>, StoreError>;
  }
>()("tandem/core/SourceFiles") {}
