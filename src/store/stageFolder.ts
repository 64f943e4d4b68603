/**
 * The folder of the cache where the code of the user's own stages is kept as it was read, for every process of a run to load. Of a
 * stage there are a bundle and its map, named by the bundle's digest, and a JSON text that says what it was made of.
 */
import { basename, join } from "node:path";
import * as Effect from "effect/Effect";
import type { StoreError } from "../core/errors.ts";
import { Disk, type DiskShape, type FoundFile } from "./Disk.ts";
import { inFolder, layoutOf, markUsed, replaceFile, type Layout } from "./layout.ts";
import { attempt } from "./storeErrors.ts";

/** Small texts by name. What is lost or damaged is made anew: whoever reads checks it. */
export interface StageFolder {
  readonly path: (name: string) => string;
  /** Undefined where it is not there. Marks it as used. */
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
    read: (name) =>
      attempt("read", path(name), () => {
        const text = disk.read(path(name))?.toString("utf8");
        return text !== undefined && markUsed(disk, path(name)) ? text : undefined;
      }),
    write: (name, text) =>
      attempt("write", path(name), () =>
        inFolder(disk, root, () => replaceFile(disk, layout, Buffer.from(text), path(name), false)),
      ),
  };
});

/** The code of one stage: its files, their bytes together, the latest of their times. */
export interface FoundCode extends FoundFile {
  readonly files: ReadonlyArray<FoundFile>;
  /** As keys have it; undefined where the stage's file has other code by now, which nothing leads to. */
  readonly digest: string | undefined;
}

export function stageCodesIn(disk: DiskShape, layout: Layout): ReadonlyArray<FoundCode> {
  const files = disk.files(layout.stages).map((file) => ({ file, known: knownIn(disk, file.path) }));
  const groups = Map.groupBy(files, ({ file, known }) => known?.module ?? basename(file.path).slice(0, 64));
  return [...groups].map(([name, group]) => ({
    path: join(layout.stages, name),
    files: group.map(({ file }) => file),
    sizeBytes: group.reduce((sum, { file }) => sum + file.sizeBytes, 0),
    changedAtMs: group.reduce((latest, { file }) => Math.max(latest, file.changedAtMs), 0),
    digest: group.find(({ known }) => known !== undefined)?.known?.digest,
  }));
}

interface Known {
  readonly module: string;
  readonly digest: string;
}

function knownIn(disk: DiskShape, path: string): Known | undefined {
  if (!path.endsWith(".json")) return undefined;
  try {
    const known = JSON.parse(disk.read(path)?.toString("utf8") ?? "") as Partial<Known> | null;
    return typeof known?.module === "string" && typeof known.digest === "string" ? (known as Known) : undefined;
  } catch {
    return undefined; // a torn text is nothing known
  }
}
