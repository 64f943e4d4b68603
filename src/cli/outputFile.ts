/** A file that a command writes (`--to PATH`): aside first and renamed when whole, so that an earlier one is there until then. */
import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { exitCodes } from "./exitCodes.ts";
import { unwritable } from "./output.ts";

/** Writes all pieces. Throws `UsageError` (`DiskFailure` of a full disk) where the file cannot be written; where its place is at fault, before any piece is made. */
export async function writeFileWhole(
  written: string,
  pieces: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): Promise<void> {
  const path = targetOf(written);
  // A device or a pipe is written to as it is.
  const direct = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  const aside = direct ? path : join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  const descriptor = inPlace(written, () => openSync(aside, "w"));
  const stop = (): never => {
    if (!direct) rmSync(aside, { force: true });
    process.exit(exitCodes.interrupted);
  };
  for (const signal of stopSignals) process.once(signal, stop);
  try {
    for await (const piece of pieces) inPlace(written, () => writeAll(descriptor, piece));
    if (!direct) inPlace(written, () => renameSync(aside, path));
  } finally {
    for (const signal of stopSignals) process.off(signal, stop);
    closeSync(descriptor);
    if (!direct) rmSync(aside, { force: true });
  }
}

const stopSignals = ["SIGINT", "SIGTERM"] as const;

/** What a link points at; the path itself where nothing is there yet. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function writeAll(descriptor: number, piece: string | Uint8Array): void {
  const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

function inPlace<A>(path: string, act: () => A): A {
  try {
    return act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw unwritable(code, path);
  }
}
