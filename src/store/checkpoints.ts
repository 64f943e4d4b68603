/**
 * Checkpoints in the cache folder: `checkpoints/<fingerprint>/<done>-<sha256>.safetensors`. The name holds the digest of the
 * content, so a torn or flipped file is known for what it is; it gets that name only when it is whole and on the disk, and
 * only then do older ones go. Two runs that compute one fingerprint write equal files under equal names.
 *
 * A folder whose fingerprint has a record, or that nobody will ask for again, is garbage: nothing refers to it.
 */
import { dirname, join } from "node:path";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { CheckpointStore, type Checkpoint, type CheckpointStoreShape } from "../core/Checkpoints.ts";
import { decodeCheckpoint, digestOfParts, encodeCheckpoint } from "./checkpointFile.ts";
import { Disk, type DiskShape } from "./Disk.ts";
import { layoutOf, markLayout, moveAside, removeQuietly, replaceFile, sweepAside, type Layout } from "./layout.ts";
import { attempt } from "./storeErrors.ts";

/** The checkpoints of the cache in `root`. */
export const layerCheckpoints = (root: string): Layer.Layer<never> =>
  Layer.effect(
    CheckpointStore,
    Effect.gen(function* () {
      const folder = new CheckpointFolder(yield* Disk, layoutOf(root));
      return {
        load: (fingerprint) => attempt("read", root, () => folder.load(fingerprint)),
        save: (fingerprint, checkpoint) => attempt("write", root, () => folder.save(fingerprint, checkpoint)),
        remove: (fingerprint) => attempt("write", root, () => folder.remove(fingerprint)),
      } satisfies CheckpointStoreShape;
    }),
  );

interface Named {
  readonly path: string;
  readonly done: number;
  readonly digest: string;
}

const nameOf = (done: number, digest: string): string => `${String(done).padStart(12, "0")}-${digest}.safetensors`;
const namePattern = /^(\d{12,})-([0-9a-f]{64})\.safetensors$/;

/** The digest of the content that a checkpoint's file of this name should have. */
export const digestInName = (name: string): string | undefined => namePattern.exec(name)?.[2];

class CheckpointFolder {
  private readonly disk: DiskShape;
  private readonly layout: Layout;
  private isMarked = false;

  constructor(disk: DiskShape, layout: Layout) {
    this.disk = disk;
    this.layout = layout;
  }

  /** @param looksLeft another run of the step may replace a file while it is looked for: then there is a newer one */
  load(fingerprint: string, looksLeft = 3): Checkpoint | undefined {
    for (const { path, digest } of this.newestFirst(fingerprint)) {
      const bytes = this.disk.read(path);
      if (bytes === undefined) return looksLeft === 0 ? undefined : this.load(fingerprint, looksLeft - 1);
      const checkpoint = digestOfParts([bytes]) === digest ? decodeCheckpoint(bytes, fingerprint) : undefined;
      if (checkpoint !== undefined) return checkpoint;
      moveAside(this.disk, this.layout, path);
    }
    return undefined;
  }

  /** @returns its path */
  save(fingerprint: string, checkpoint: Checkpoint): string {
    this.prepare();
    const parts = encodeCheckpoint(fingerprint, checkpoint);
    const path = join(this.layout.checkpoint(fingerprint), nameOf(checkpoint.done, digestOfParts(parts)));
    replaceFile(this.disk, this.layout, parts, path);
    this.disk.syncFolder(dirname(path));
    // Another run of the same step may be further on: what it has stays.
    for (const older of this.newestFirst(fingerprint))
      if (older.path !== path && older.done <= checkpoint.done) removeQuietly(this.disk, older.path);
    return path;
  }

  remove(fingerprint: string): void {
    const folder = this.layout.checkpoint(fingerprint);
    for (const name of this.disk.list(folder)) this.disk.remove(join(folder, name));
    this.disk.removeFolder(folder);
  }

  private newestFirst(fingerprint: string): ReadonlyArray<Named> {
    const folder = this.layout.checkpoint(fingerprint);
    return this.disk
      .list(folder)
      .flatMap((name): ReadonlyArray<Named> => {
        const [, done, digest] = namePattern.exec(name) ?? [];
        return digest === undefined ? [] : [{ path: join(folder, name), done: Number(done), digest }];
      })
      .sort((a, b) => b.done - a.done);
  }

  private prepare(): void {
    if (this.isMarked) return;
    markLayout(this.disk, this.layout);
    sweepAside(this.disk, this.layout);
    this.isMarked = true;
  }
}

/** In memory, as bytes: for tests, and where nothing may be left behind. @param kept fingerprint → the newest, which the caller may look into */
export const layerMemoryCheckpoints = (kept: Map<string, Buffer> = new Map()): Layer.Layer<never> =>
  Layer.succeed(CheckpointStore, {
    load: (fingerprint) =>
      Effect.sync(() => {
        const bytes = kept.get(fingerprint);
        return bytes === undefined ? undefined : decodeCheckpoint(bytes, fingerprint);
      }),
    save: (fingerprint, checkpoint) =>
      Effect.sync(() => {
        kept.set(fingerprint, Buffer.concat(encodeCheckpoint(fingerprint, checkpoint)));
        return undefined;
      }),
    remove: (fingerprint) => Effect.sync(() => void kept.delete(fingerprint)),
  });
