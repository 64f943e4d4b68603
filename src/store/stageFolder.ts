/** The folder of the cache where the code of the user's own stages is kept as it was read, for every process of a run to load. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { StoreError } from "../core/errors.ts";
import { Disk } from "./Disk.ts";
import { inFolder, layoutOf, replaceFile } from "./layout.ts";
import { attempt } from "./storeErrors.ts";

/** Small texts by name. What is lost or damaged is made anew: whoever reads checks it. */
export interface StageFolder {
  readonly path: (name: string) => string;
  /** Undefined where it is not there. */
  readonly read: (name: string) => Effect.Effect<string | undefined, StoreError>;
  /** Whole or not at all, in place of what has the name. */
  readonly write: (name: string, text: string) => Effect.Effect<void, StoreError>;
}

/** @param root the cache folder, which is made when something is first written */
export const stageFolder = Effect.fnUntraced(function* (root: string): Effect.fn.Return<StageFolder> {
  const disk = yield* Disk;
  const layout = layoutOf(root);
  const path = (name: string) => join(layout.stages, name);
  return {
    path,
    read: (name) => attempt("read", path(name), () => disk.read(path(name))?.toString("utf8")),
    write: (name, text) =>
      attempt("write", path(name), () =>
        inFolder(disk, root, () => replaceFile(disk, layout, Buffer.from(text), path(name), false)),
      ),
  };
});
