/**
 * Folders that lie elsewhere (`hub:owner/name@commit`): where they are on this machine, and how they get there. What a source
 * names never changes, so that a folder that is here is never asked about again.
 */
import type * as Effect from "effect/Effect";
import type { StageFailure } from "./errors.ts";
import type { PathField } from "./Graph.ts";

export interface RemoteFolders {
  /** The folder on this machine, with all that the field selects; undefined while it has to be fetched. Never asks the network. */
  readonly locate: (field: PathField) => string | undefined;
  /** Brings the files that the field selects. Interrupted, it goes on from there the next time. */
  readonly fetch: (
    field: PathField,
    onProgress: (doneBytes: number, totalBytes: number) => void,
  ) => Effect.Effect<void, StageFailure>;
}
