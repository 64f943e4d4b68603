/**
 * Writes a folder all at once: aside, then renamed into place, so that whoever looks sees the old one, or nothing, or all of the
 * new one. Only a folder that we wrote is ever replaced: `exportMarker` lists its files, and one more in it stops us.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs"; // prettier-ignore
import { basename, dirname, join, posix, resolve } from "node:path";
import type { ExportFile } from "../model/exportFiles.ts";
import { UsageError } from "./commandLine.ts";
import { unwritable } from "./output.ts";

/** In the root of an export: how it was made, and the names of its files. */
export const exportMarker = "tandem.json";

/** Throws `UsageError` where `written` is something that may not be replaced. */
export function checkReplaceable(written: string): void {
  const folder = resolve(written);
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return;
  const hint = "name a new folder, an empty one, or an earlier export";
  if (!stats.isDirectory()) throw new UsageError("this is a file, not a folder", hint, written);
  const files = filesIn(folder);
  if (files.length === 0) return;
  const known = markedFiles(folder);
  if (known === undefined) throw new UsageError("this folder is not empty, and not an earlier export", hint, written);
  const foreign = files.find((name) => !known.has(name));
  if (foreign !== undefined)
    throw new UsageError(
      `this earlier export now also holds ${foreign}, which would be lost`,
      "move it elsewhere, or name another folder",
      written,
    );
}

function filesIn(folder: string): ReadonlyArray<string> {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => posix.join(...join(entry.parentPath, entry.name).slice(folder.length + 1).split(/[\\/]/))); // prettier-ignore
}

function markedFiles(folder: string): ReadonlySet<string> | undefined {
  try {
    const { files } = JSON.parse(readFileSync(join(folder, exportMarker), "utf8")) as { files?: unknown };
    return Array.isArray(files) ? new Set([...(files as Array<string>), exportMarker]) : undefined;
  } catch {
    return undefined; // no marker, or one that is not ours: then the folder is not ours either
  }
}

/** Call `checkReplaceable` first. */
export function replaceFolder(written: string, files: Iterable<ExportFile>): void {
  const folder = resolve(written);
  const aside = join(dirname(folder), `.${basename(folder)}.${process.pid}.new`);
  const old = join(dirname(folder), `.${basename(folder)}.${process.pid}.old`);
  try {
    makeFolder(aside);
    for (const file of files) writeDurably(join(aside, file.name), file.bytes);
    if (statSync(folder, { throwIfNoEntry: false }) !== undefined) renameSync(folder, old);
    renameSync(aside, folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (statSync(old, { throwIfNoEntry: false }) !== undefined) renameSync(old, folder);
    throw unwritable(code, written);
  } finally {
    for (const left of [aside, old]) if (existsSync(left)) rmSync(left, { recursive: true, force: true });
  }
}

/** With its parents, one by one: Node's recursive mkdir never returns where the system answers ENOENT to the end (in /proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

function writeDurably(path: string, bytes: Uint8Array): void {
  makeFolder(dirname(path));
  const descriptor = openSync(path, "wx");
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
