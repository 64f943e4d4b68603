/**
 * Writing to stdout and stderr: all at once, in order, also into pipes. A reader that has gone away (`pipeline stages | head`)
 * ends the command quietly, as it ends `cat`.
 */
import { writeSync } from "node:fs";
import { UsageError } from "./commandLine.ts";

const stdout = 1;
const stderr = 2;

export const writeOut = (content: string | Uint8Array): void => writeAll(stdout, content);
export const writeError = (text: string): void => writeAll(stderr, text);
export const printLines = (lines: ReadonlyArray<string>): void => writeOut(lines.map((line) => `${line}\n`).join(""));
export const printJson = (value: unknown): void => writeOut(`${JSON.stringify(value, null, 2)}\n`);

/** A pipe that is full says EAGAIN where it is non-blocking; the reader needs a moment then. */
function writeAll(descriptor: number, content: string | Uint8Array): void {
  let rest = typeof content === "string" ? Buffer.from(content) : content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE") throw new ReaderGone();
      if (code === undefined) throw error;
      if (code !== "EAGAIN") throw unwritable(code, descriptor === stdout ? "standard output" : "standard error");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** The disk would not take what a command writes. Exit code 3. */
export class DiskFailure extends UsageError {}

const hints: { readonly [code: string]: string } = {
  ENOENT: "its folder is not there: make it first",
  ENOTDIR: "its folder is a file: name another place",
  EISDIR: "this is a folder: name a file in it",
};

/** @param code of Node's error @param place where to, as the user wrote it */
export function unwritable(code: string, place: string): UsageError {
  if (["ENOSPC", "EDQUOT"].includes(code))
    return new DiskFailure(`cannot write there: the disk is full (${code})`, "make room, or name another place", place);
  if (code === "EIO")
    return new DiskFailure(`cannot write there: the disk fails (${code})`, "name another place", place);
  return new UsageError(`cannot write there (${code})`, hints[code] ?? "check the place and its permissions", place);
}

/** Who read our output has all it wanted. Nothing to report, and nothing went wrong: exit code 0. */
export class ReaderGone extends Error {}
