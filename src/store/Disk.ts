/**
 * The few file operations the cache is made of. Everything the store writes goes through here, one durable effect a call, so
 * that a test can stop or fail at each of them and see what is left.
 *
 * Synchronous on purpose: a run with nothing to do makes thousands of these calls, and order is what the promises rest on.
 * Methods throw Node's system errors; what is not there is `undefined` or an empty list.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as Context from "effect/Context";

export interface DiskShape {
  /** Opens for writing: `wx` makes a new file and fails where there is one, `a` appends. */
  readonly open: (path: string, flags: "wx" | "a") => number;
  /** Writes all of the bytes. */
  readonly write: (file: number, bytes: Uint8Array) => void;
  readonly sync: (file: number) => void;
  readonly close: (file: number) => void;
  readonly read: (path: string) => Buffer | undefined;
  /** Size of a file; undefined where there is none. */
  readonly size: (path: string) => number | undefined;
  /** When it last changed, milliseconds since 1970; undefined where it is not there. */
  readonly changedAtMs: (path: string) => number | undefined;
  /** What tells that a file is still the one it was. Follows links; throws where there is none. */
  readonly stamp: (path: string) => FileStamp;
  /** sha256 of a file's content, read in pieces; undefined where there is none. */
  readonly hash: (path: string) => string | undefined;
  /** Says that a file is in use, by its time; false where there is none. No error where the disk is read-only. */
  readonly touch: (path: string) => boolean;
  /** Every file below a folder, in code-unit order of paths; none where there is no folder. */
  readonly files: (folder: string) => ReadonlyArray<FoundFile>;
  /** Names in a folder, in code-unit order; empty where there is no folder. */
  readonly list: (folder: string) => ReadonlyArray<string>;
  /** With the folders above it. */
  readonly makeFolder: (folder: string) => void;
  /** A second name for a file; fails with EEXIST where the name is taken. */
  readonly link: (from: string, to: string) => void;
  /** Replaces what has the new name. */
  readonly rename: (from: string, to: string) => void;
  /** No error where there is nothing. */
  readonly remove: (path: string) => void;
  /** An empty folder; no error where there is none, or something in it. */
  readonly removeFolder: (folder: string) => void;
  /** A folder with all that is in it; no error where there is none. */
  readonly removeTree: (folder: string) => void;
  /** Makes names in a folder durable. */
  readonly syncFolder: (folder: string) => void;
}

/** As the file system tells it. */
export interface FileStamp {
  readonly sizeBytes: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

export interface FoundFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly changedAtMs: number;
}

/** Linux reads or writes at most 2 GiB in one call. */
const atOnce = 1 << 30;

const nodeDisk: DiskShape = {
  open: (path, flags) => fs.openSync(path, flags),
  write: (file, bytes) => {
    for (let at = 0; at < bytes.length;) at += fs.writeSync(file, bytes, at, Math.min(atOnce, bytes.length - at));
  },
  sync: (file) => fs.fsyncSync(file),
  close: (file) => fs.closeSync(file),
  read: (path) => orUndefined(() => readWhole(path)),
  size: (path) => fs.statSync(path, { throwIfNoEntry: false })?.size,
  changedAtMs: (path) => fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs,
  stamp: (path) => {
    const { size: sizeBytes, mtimeNs: modifiedNs, ctimeNs: changedNs, ino, dev } = fs.statSync(path, { bigint: true });
    return { sizeBytes, modifiedNs, changedNs, inode: ino, device: dev };
  },
  hash: (path) => orUndefined(() => sha256OfFile(path)),
  touch: (path) => {
    try {
      // With a fraction that differs each time: whoever compares times sees every touch, also of a clock that stands still.
      const seconds = (Date.now() + Math.random()) / 1000;
      fs.utimesSync(path, seconds, seconds);
      return true;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      if (["EROFS", "EACCES", "EPERM"].includes(codeOf(error) ?? "")) return true;
      throw error;
    }
  },
  files: (folder) => filesBelow(folder),
  list: (folder) => (orUndefined(() => fs.readdirSync(folder)) ?? []).sort(),
  makeFolder: (folder) => void fs.mkdirSync(folder, { recursive: true }),
  link: (from, to) => fs.linkSync(from, to),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.rmSync(path, { force: true }),
  removeFolder: (folder) => {
    try {
      fs.rmdirSync(folder);
    } catch (error) {
      if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(codeOf(error) ?? "")) throw error;
    }
  },
  removeTree: (folder) => fs.rmSync(folder, { recursive: true, force: true }),
  syncFolder: (folder) => {
    const file = fs.openSync(folder, "r");
    try {
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
  },
};

/** Most files of the cache are records, which fit: one read, without asking for the size first. */
const small = Buffer.allocUnsafe(1 << 16);

function readWhole(path: string): Buffer {
  const file = fs.openSync(path, "r");
  try {
    const length = fs.readSync(file, small);
    return length < small.length ? Buffer.from(small.subarray(0, length)) : readLarge(file);
  } finally {
    fs.closeSync(file);
  }
}

/** A checkpoint may be larger than the 2 GiB that Node reads at once. */
function readLarge(file: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(fs.fstatSync(file).size);
  for (let at = 0; at < bytes.length;) {
    const length = fs.readSync(file, bytes, at, Math.min(atOnce, bytes.length - at), at);
    if (length === 0) return bytes.subarray(0, at);
    at += length;
  }
  return bytes;
}

/** What goes away meanwhile is not there. */
function filesBelow(folder: string): ReadonlyArray<FoundFile> {
  const entries = orUndefined(() => fs.readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return filesBelow(path);
      const stat = fs.statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, sizeBytes: stat.size, changedAtMs: stat.mtimeMs }];
    });
}

/** In pieces, so that a file may be larger than memory. */
export function sha256OfFile(path: string): string {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(1 << 20);
  const file = fs.openSync(path, "r");
  try {
    for (let read = fs.readSync(file, piece); read > 0; read = fs.readSync(file, piece))
      hash.update(piece.subarray(0, read));
  } finally {
    fs.closeSync(file);
  }
  return hash.digest("hex");
}

function orUndefined<A>(read: () => A): A | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The system's code of an error: `ENOSPC`. */
export const codeOf = (error: unknown): string | undefined => {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
};

/** The disk below the cache; tests put a failing one in its place. */
export const Disk = Context.Reference<DiskShape>("tandem/store/Disk", { defaultValue: () => nodeDisk });
