/**
 * Spares re-hashing files that did not change, and never more than that: an entry counts only while size, times and inode
 * are the same, and only if the file had been left alone for a while when it was hashed. A file hashed within the tick of its
 * last change could change again without a sign (git's racy-mtime rule); such entries are not trusted.
 */
import { statSync, type BigIntStats } from "node:fs";
import { sha256 } from "../core/digest.ts";
import { inFolder, replaceFile, type Layout } from "./layout.ts";
import type { DiskShape } from "./Disk.ts";

/** Longer than the coarsest clock of a file system in use (FAT: 2 s). */
const settledAfterMs = 2100;

/** Size, modification and change time, inode and device: what tells that a file is still the one that was hashed. */
export type FileStamp = string;

export interface StampedFile {
  readonly stamp: FileStamp;
  readonly sizeBytes: number;
  readonly changedAtMs: number;
}

/** Throws what `stat` throws. */
export function stampOf(path: string): StampedFile {
  return stamped(statSync(path, { bigint: true }));
}

const stamped = (stat: BigIntStats): StampedFile => ({
  stamp: `${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.ino}:${stat.dev}`,
  sizeBytes: Number(stat.size),
  changedAtMs: Math.max(Number(stat.mtimeMs), Number(stat.ctimeMs)),
});

type Entry = readonly [stamp: FileStamp, digest: string];

export class StatCache {
  private readonly entries: Map<string, Entry>;
  private readonly disk: DiskShape;
  private readonly layout: Layout | undefined;
  private isChanged = false;

  /** Without a layout nothing is kept beyond the process. */
  constructor(disk: DiskShape, layout: Layout | undefined) {
    this.disk = disk;
    this.layout = layout;
    this.entries = layout === undefined ? new Map() : readEntries(disk, layout.stats);
  }

  digestOf(path: string, stamp: FileStamp): string | undefined {
    const entry = this.entries.get(path);
    return entry?.[0] === stamp ? entry[1] : undefined;
  }

  /** `hashedAtMs`: the clock before hashing began. */
  remember(path: string, file: StampedFile, digest: string, hashedAtMs: number): void {
    if (hashedAtMs - file.changedAtMs < settledAfterMs) return;
    this.entries.set(path, [file.stamp, digest]);
    this.isChanged = true;
  }

  forget(path: string): void {
    if (this.entries.delete(path)) this.isChanged = true;
  }

  /** Keeps it for the next process; throws system errors. */
  save(): void {
    if (!this.isChanged || this.layout === undefined) return;
    const { layout } = this;
    const text = JSON.stringify([...this.entries]);
    inFolder(this.disk, layout.root, () =>
      replaceFile(this.disk, layout, Buffer.from(`${sha256(text)}\n${text}`), layout.stats, false),
    );
    this.isChanged = false;
  }
}

/** A torn or foreign file is no cache at all. */
function readEntries(disk: DiskShape, path: string): Map<string, Entry> {
  try {
    const file = disk.read(path)?.toString("utf8") ?? "";
    const text = file.slice(65);
    if (file.slice(0, 64) !== sha256(text)) return new Map();
    return new Map(JSON.parse(text) as ReadonlyArray<[string, Entry]>);
  } catch {
    return new Map();
  }
}
