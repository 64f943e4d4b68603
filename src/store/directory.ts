/**
 * The cache in a folder. What makes it survive crashes is the order of things: a blob gets its name only when it is whole
 * and on the disk, a record only when its blobs have theirs, and the first record of a fingerprint stays.
 */
import { dirname, join } from "node:path";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { ActionRecord } from "../core/ActionRecord.ts";
import { ArtifactStore } from "../core/ArtifactStore.ts";
import { contentDigest, type ContentDigest, type Fingerprint } from "../core/digest.ts";
import type { StoreError } from "../core/errors.ts";
import { Disk, type DiskShape } from "./Disk.ts";
import {
  checkLayout,
  layoutOf,
  markAfterMs,
  markLayout,
  markUsed,
  moveAside,
  nameFirst,
  replaceFile,
  sweepAside,
  type Layout,
} from "./layout.ts";
import { decodeRecord, encodeRecord } from "./recordFile.ts";
import { attempt, damagedBlob, missingBlob } from "./storeErrors.ts";

/**
 * The store in `root`, which is made when something is first written.
 * @param touchAfterMs a file that is used is marked so when its last mark is this old
 */
export const layerDirectory = (root: string, touchAfterMs = markAfterMs): Layer.Layer<ArtifactStore, StoreError> =>
  Layer.effect(
    ArtifactStore,
    Effect.gen(function* () {
      const disk = yield* Disk;
      const folder = new CacheFolder(disk, layoutOf(root), touchAfterMs);
      yield* attempt("open", root, () => checkLayout(disk, folder.layout));
      return ArtifactStore.of({
        lookup: (fingerprint) => attempt("read", root, () => folder.lookup(fingerprint)),
        read: (digest) => attempt("read", root, () => folder.read(digest)),
        write: (bytes) => attempt("write", root, () => folder.write(bytes)),
        publish: (record) => attempt("publish", root, () => folder.publish(record)),
        records: Effect.suspend(() => attempt("list", root, () => folder.records())),
      });
    }),
  );

class CacheFolder {
  readonly layout: Layout;
  private readonly disk: DiskShape;
  private readonly touchAfterMs: number;
  private isMarked = false;
  /** Blobs this process has written or checked: a blob already there need not be hashed twice before it is relied on. */
  private readonly sound = new Set<string>();

  constructor(disk: DiskShape, layout: Layout, touchAfterMs: number) {
    this.disk = disk;
    this.layout = layout;
    this.touchAfterMs = touchAfterMs;
  }

  lookup(fingerprint: Fingerprint): ActionRecord | undefined {
    const path = this.layout.action(fingerprint);
    const record = this.recordAt(path, fingerprint);
    return record !== undefined && this.isComplete(record) && this.use(path) ? record : undefined;
  }

  read(digest: ContentDigest): Uint8Array {
    const path = this.layout.object(digest);
    const bytes = this.disk.read(path);
    if (bytes === undefined) throw missingBlob(path, digest);
    if (contentDigest(bytes) === digest) return bytes;
    this.sound.delete(digest);
    moveAside(this.disk, this.layout, path);
    throw damagedBlob(path, digest);
  }

  write(bytes: Uint8Array): ContentDigest {
    this.prepare();
    const digest = contentDigest(bytes);
    const path = this.layout.object(digest);
    if (!this.isSound(digest, path)) {
      replaceFile(this.disk, this.layout, bytes, path);
      this.sound.add(digest);
    }
    // Also where another process wrote it: its name has to be durable before a record of ours relies on it.
    this.disk.syncFolder(dirname(path));
    return digest;
  }

  publish(record: ActionRecord): ActionRecord {
    this.prepare();
    const lost = Object.values(record.outputs).find(
      (output) => this.disk.size(this.layout.object(output.digest)) === undefined,
    );
    if (lost !== undefined) throw missingBlob(this.layout.object(lost.digest), lost.digest);
    const path = this.layout.action(record.fingerprint);
    const bytes = encodeRecord(record);
    if (!nameFirst(this.disk, this.layout, bytes, path)) {
      const winner = this.recordAt(path, record.fingerprint);
      if (winner !== undefined && this.isComplete(winner) && hasPortsOf(winner, record) && this.use(path))
        return winner;
      // What stands there can feed nobody any more: its blobs are lost or it is damaged.
      replaceFile(this.disk, this.layout, bytes, path);
    }
    this.disk.syncFolder(dirname(path));
    return record;
  }

  /** Reads every file: 10,000 records take 0.2 to 0.4 s (2 cores, busy; the disk's cache warm), which is why there is no index (docs/adr/0023). */
  records(): ReadonlyArray<ActionRecord> {
    const shards = this.disk.list(this.layout.actions).map((shard) => join(this.layout.actions, shard));
    return shards.flatMap((shard) =>
      this.disk.list(shard).flatMap((name) => {
        const bytes = this.disk.read(join(shard, name));
        const record = bytes === undefined ? undefined : decodeRecord(bytes);
        return record === undefined ? [] : [record];
      }),
    );
  }

  /** A damaged record is moved aside and counts as none. */
  private recordAt(path: string, fingerprint: Fingerprint): ActionRecord | undefined {
    const bytes = this.disk.read(path);
    if (bytes === undefined) return undefined;
    const record = decodeRecord(bytes, fingerprint);
    if (record === undefined) moveAside(this.disk, this.layout, path);
    return record;
  }

  private isComplete(record: ActionRecord): boolean {
    return Object.values(record.outputs).every(
      ({ digest, sizeBytes }) => this.disk.size(this.layout.object(digest)) === sizeBytes,
    );
  }

  /** A blob of that name whose content was checked by this process; a damaged one makes way. */
  private isSound(digest: ContentDigest, path: string): boolean {
    const size = this.disk.size(path);
    if (size === undefined) return false;
    if (this.sound.has(digest)) return this.use(path);
    const found = this.disk.hash(path);
    if (found === undefined) return false;
    if (found !== digest) {
      moveAside(this.disk, this.layout, path);
      return false;
    }
    this.sound.add(digest);
    return this.use(path);
  }

  /**
   * Marks a file as in use, by its time, so that garbage collection spares it (gc/): false where it has just been collected. Often
   * enough for `sparedMs` there, and no oftener, since a run with nothing to do looks up a thousand records.
   */
  private use(path: string): boolean {
    return markUsed(this.disk, path, this.touchAfterMs);
  }

  /** Before the first write: the layout is marked, and what crashed writers left is swept. */
  private prepare(): void {
    if (this.isMarked) return;
    markLayout(this.disk, this.layout);
    sweepAside(this.disk, this.layout);
    this.isMarked = true;
  }
}

const hasPortsOf = (winner: ActionRecord, record: ActionRecord): boolean =>
  Object.keys(record.outputs).every((port) => winner.outputs[port] !== undefined);
