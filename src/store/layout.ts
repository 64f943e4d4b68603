/**
 * Where things lie in the cache folder (design §4), and the version of that layout. Nothing is made before something is
 * written, so that looking into a cache leaves no trace.
 */
import { dirname, join } from "node:path";
import { StoreError } from "../core/errors.ts";
import { codeOf, type DiskShape } from "./Disk.ts";
import { isAlive, placeMark } from "./processIdentity.ts";

export const layoutVersion = 1;

export interface Layout {
  readonly root: string;
  readonly version: string;
  readonly objects: string;
  readonly actions: string;
  readonly runs: string;
  readonly checkpoints: string;
  readonly leases: string;
  /** The code of the user's own stages. */
  readonly stages: string;
  /** Where processes show that they live. */
  readonly heartbeats: string;
  /** Models of the hub, `owner/name/<commit>/` (src/model/hub). */
  readonly hub: string;
  /** Runs that a person wants kept. */
  readonly pins: string;
  /** Files being written; on the same disk, so that they can be renamed into place. */
  readonly aside: string;
  /** Digests of source files by their stamps. */
  readonly stats: string;
  /** Damaged files, kept for a look, never read again. */
  readonly quarantine: string;
  readonly object: (digest: string) => string;
  readonly action: (fingerprint: string) => string;
  /** The folder of a fingerprint's checkpoints. */
  readonly checkpoint: (fingerprint: string) => string;
  /** The lease of a fingerprint; `after`: the one that took over from the lease of that id. */
  readonly lease: (fingerprint: string, after?: string) => string;
  readonly heartbeat: (id: string) => string;
}

export function layoutOf(root: string): Layout {
  const [objects, actions] = [join(root, "objects", "sha256"), join(root, "actions")];
  return {
    root,
    version: join(root, "layout.json"),
    objects,
    actions,
    runs: join(root, "runs"),
    checkpoints: join(root, "checkpoints"),
    leases: join(root, "leases"),
    stages: join(root, "stages"),
    heartbeats: join(root, "leases", "beats"),
    hub: join(root, "hub"),
    pins: join(root, "pins"),
    aside: join(root, "tmp"),
    stats: join(root, "source-digests.json"),
    quarantine: join(root, "quarantine"),
    object: (digest) => `${objects}/${digest.slice(0, 2)}/${digest.slice(2)}`,
    action: (fingerprint) => `${actions}/${fingerprint.slice(0, 2)}/${fingerprint}.json`,
    checkpoint: (fingerprint) => join(root, "checkpoints", fingerprint),
    lease: (fingerprint, after) => join(root, "leases", after === undefined ? fingerprint : `${fingerprint}-${after}`),
    heartbeat: (id) => join(root, "leases", "beats", id),
  };
}

/** Refuses a cache of a layout this version does not know; true where the folder is marked already. */
export function checkLayout(disk: DiskShape, layout: Layout): boolean {
  const text = disk.read(layout.version)?.toString("utf8");
  if (text === undefined) return false;
  const found = versionIn(text);
  if (found === layoutVersion) return true;
  const isNewer = found !== undefined && found > layoutVersion;
  throw new StoreError({
    operation: "open",
    path: layout.root,
    code: "version",
    message: isNewer
      ? `The cache ${layout.root} has layout ${found}, made by a newer version; this one knows layout ${layoutVersion}.`
      : `The cache ${layout.root} does not say its layout: ${layout.version} is damaged.`,
    hint: isNewer
      ? "Update this program, or name another folder with --cache."
      : `Write {"layout":${layoutVersion}} into it if the cache is known to be good, or name another folder with --cache.`,
  });
}

function versionIn(text: string): number | undefined {
  try {
    const layout = (JSON.parse(text) as { readonly layout?: unknown } | null)?.layout;
    return typeof layout === "number" ? layout : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the folder and marks its layout; whoever comes second finds the mark of the first. */
export function markLayout(disk: DiskShape, layout: Layout): void {
  if (checkLayout(disk, layout)) return;
  disk.makeFolder(layout.root);
  nameFirst(disk, layout, Buffer.from(`{"layout":${layoutVersion}}\n`), layout.version);
  disk.syncFolder(layout.root);
}

let written = 0;

/** Of a file: at once, or in parts. */
type Bytes = Uint8Array | ReadonlyArray<Uint8Array>;

/** A name of its own, which tells the process that uses it: `<pid>-<its machine>-…`. */
export const asidePath = (layout: Layout): string =>
  join(layout.aside, `${process.pid}-${placeMark()}-${Date.now().toString(36)}-${written++}`);

/** Writes a whole file, durably unless told otherwise, under a name of its own. Nothing is left on failure. */
function writeAside(disk: DiskShape, layout: Layout, bytes: Bytes, isDurable = true): string {
  const path = asidePath(layout);
  const file = inFolder(disk, layout.aside, () => disk.open(path, "wx"));
  try {
    try {
      for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) disk.write(file, part);
      if (isDurable) disk.sync(file);
    } finally {
      disk.close(file);
    }
  } catch (error) {
    removeQuietly(disk, path);
    throw error;
  }
  return path;
}

/** Puts a whole file at `path`, in place of what is there; the folder is still to be synced. */
export function replaceFile(disk: DiskShape, layout: Layout, bytes: Bytes, path: string, isDurable = true): void {
  const aside = writeAside(disk, layout, bytes, isDurable);
  try {
    inFolder(disk, dirname(path), () => disk.rename(aside, path));
  } catch (error) {
    removeQuietly(disk, aside);
    throw error;
  }
}

/** Puts a whole file at `path` unless the name is taken; true where it was the first. The folder is still to be synced. */
export function nameFirst(disk: DiskShape, layout: Layout, bytes: Uint8Array, path: string, isDurable = true): boolean {
  const aside = writeAside(disk, layout, bytes, isDurable);
  try {
    inFolder(disk, dirname(path), () => disk.link(aside, path));
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    removeQuietly(disk, aside);
  }
}

/** A file that is used is marked so by its time, when its last mark is this old. */
export const markAfterMs = 300_000;

/** Marks a file as in use, so that garbage collection (gc/) spares it: false where it has just been collected. */
export function markUsed(disk: DiskShape, path: string, afterMs = markAfterMs): boolean {
  const age = Date.now() - (disk.changedAtMs(path) ?? 0);
  return (age >= 0 && age < afterMs) || disk.touch(path);
}

/** What cannot be removed now is swept when the cache is next opened for writing; the first error is the one to tell. */
export function removeQuietly(disk: DiskShape, path: string): void {
  try {
    disk.remove(path);
  } catch {
    // Left for `sweepAside`.
  }
}

/** Where it cannot be moved (a read-only disk, another process was faster), the damage itself is still what is told. */
export function moveAside(disk: DiskShape, layout: Layout, path: string): void {
  const name = path.slice(layout.root.length + 1).replaceAll("/", "-");
  const to = join(layout.quarantine, `${name}-${Date.now().toString(36)}`);
  try {
    inFolder(disk, layout.quarantine, () => disk.rename(path, to));
  } catch {
    // It is checked, and found damaged, at every read.
  }
}

/** Runs an operation in a folder, making the folder, durably, where it is not there yet. */
export function inFolder<A>(disk: DiskShape, folder: string, work: () => A): A {
  try {
    return work();
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    makeDurableFolder(disk, folder);
    return work();
  }
}

function makeDurableFolder(disk: DiskShape, folder: string): void {
  const parent = dirname(folder);
  if (disk.size(parent) === undefined) makeDurableFolder(disk, parent);
  disk.makeFolder(folder);
  disk.syncFolder(parent);
}

/** An aside file nobody can still be writing. */
const staleAfterMs = 24 * 3600 * 1000;

/** Removes what crashed writers left aside: files of processes of this machine that are gone, and any older than a day. */
export function sweepAside(disk: DiskShape, layout: Layout): void {
  for (const path of abandonedAside(disk, layout)) removeQuietly(disk, path);
}

export function abandonedAside(disk: DiskShape, layout: Layout): ReadonlyArray<string> {
  return disk.list(layout.aside).flatMap((name) => {
    const path = join(layout.aside, name);
    const changed = disk.changedAtMs(path);
    if (changed === undefined) return [];
    const [pid, place] = name.split("-");
    const isGone = place === placeMark() && !isAlive(Number(pid));
    return isGone || Date.now() - changed > staleAfterMs ? [path] : [];
  });
}
