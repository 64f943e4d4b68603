/**
 * Spares re-hashing files that did not change, and never more than that: an entry counts only while size, times and inode
 * are the same, and only if the file had been left alone for a while when it was hashed. A file hashed within the tick of its
 * last change could change again without a sign (git's racy-mtime rule); such entries are not trusted. Nor is any once the clock
 * is seen to have gone back: times that have been may then come again.
 */
import { sha256 } from "../core/digest.ts";
import { inFolder, replaceFile, type Layout } from "./layout.ts";
import type { DiskShape, FileStamp } from "./Disk.ts";

/** Longer than the coarsest clock of a file system in use (FAT: 2 s). */
const settledAfterMs = 2100;

const inWords = ({ sizeBytes, modifiedNs, changedNs, inode, device }: FileStamp): string =>
  [sizeBytes, modifiedNs, changedNs, inode, device].join(":");

export const isSameStamp = (one: FileStamp, other: FileStamp): boolean => inWords(one) === inWords(other);

const changedAtMs = ({ modifiedNs, changedNs }: FileStamp): number =>
  Number((modifiedNs > changedNs ? modifiedNs : changedNs) / 1_000_000n);

type Entry = readonly [stamp: string, digest: string];

interface Kept {
  /** The latest time at which an entry was made. */
  readonly madeAtMs: number;
  readonly entries: ReadonlyArray<readonly [path: string, entry: Entry]>;
}

const nothing: Kept = { madeAtMs: 0, entries: [] };

export class StatCache {
  private readonly entries: Map<string, Entry>;
  private madeAtMs: number;
  private readonly disk: DiskShape;
  private readonly layout: Layout | undefined;
  private isChanged = false;

  /** Without a layout nothing is kept beyond the process. */
  constructor(disk: DiskShape, layout: Layout | undefined) {
    this.disk = disk;
    this.layout = layout;
    const kept = layout === undefined ? nothing : readKept(disk, layout.stats);
    this.entries = new Map(kept.entries);
    this.madeAtMs = kept.madeAtMs;
  }

  digestOf(path: string, stamp: FileStamp, nowMs: number): string | undefined {
    this.heedClock(nowMs);
    const entry = this.entries.get(path);
    return entry?.[0] === inWords(stamp) ? entry[1] : undefined;
  }

  /** `hashedAtMs`: the clock before hashing began. */
  remember(path: string, stamp: FileStamp, digest: string, hashedAtMs: number): void {
    this.heedClock(hashedAtMs);
    if (hashedAtMs - changedAtMs(stamp) < settledAfterMs) return;
    this.entries.set(path, [inWords(stamp), digest]);
    this.madeAtMs = hashedAtMs;
    this.isChanged = true;
  }

  private heedClock(nowMs: number): void {
    if (nowMs >= this.madeAtMs) return;
    this.entries.clear();
    this.madeAtMs = nothing.madeAtMs;
    this.isChanged = true;
  }

  forget(path: string): void {
    if (this.entries.delete(path)) this.isChanged = true;
  }

  /** Keeps it for the next process; throws system errors. */
  save(): void {
    if (!this.isChanged || this.layout === undefined) return;
    const { layout } = this;
    const text = JSON.stringify({ madeAtMs: this.madeAtMs, entries: [...this.entries] });
    inFolder(this.disk, layout.root, () =>
      replaceFile(this.disk, layout, Buffer.from(`${sha256(text)}\n${text}`), layout.stats, false),
    );
    this.isChanged = false;
  }
}

/** A torn or foreign file is no cache at all, nor is that of an earlier version. */
function readKept(disk: DiskShape, path: string): Kept {
  try {
    const file = disk.read(path)?.toString("utf8") ?? "";
    const text = file.slice(65);
    if (file.slice(0, 64) !== sha256(text)) return nothing;
    const kept = JSON.parse(text) as Partial<Kept>;
    return typeof kept.madeAtMs === "number" ? (kept as Kept) : nothing;
  } catch {
    return nothing;
  }
}
