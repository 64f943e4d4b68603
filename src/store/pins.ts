/** Runs that a person wants kept: garbage collection takes nothing that they used or made. A pin is an empty file named by the run. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { StoreError } from "../core/errors.ts";
import { Disk } from "./Disk.ts";
import { layoutOf, markLayout, replaceFile } from "./layout.ts";
import { attempt } from "./storeErrors.ts";

/** @param runs ids of runs that are there */
export const pinRuns = Effect.fn("store.pinRuns")(function* (
  root: string,
  runs: ReadonlyArray<string>,
): Effect.fn.Return<void, StoreError> {
  const disk = yield* Disk;
  const layout = layoutOf(root);
  yield* attempt("write", layout.pins, () => {
    markLayout(disk, layout);
    for (const run of runs) replaceFile(disk, layout, Buffer.from("\n"), join(layout.pins, run));
    disk.syncFolder(layout.pins);
  });
});

/** No error where one was not pinned. */
export const unpinRuns = Effect.fn("store.unpinRuns")(function* (
  root: string,
  runs: ReadonlyArray<string>,
): Effect.fn.Return<void, StoreError> {
  const disk = yield* Disk;
  const layout = layoutOf(root);
  yield* attempt("write", layout.pins, () => {
    for (const run of runs) disk.remove(join(layout.pins, run));
  });
});
