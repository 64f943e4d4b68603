/**
 * Writing to stdout and stderr: all at once, in order, also into pipes. A reader that has gone away (`pipeline stages | head`)
 * ends the command quietly, as it ends `cat`.
 */
import { writeSync } from "node:fs";

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
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Who read our output has all it wanted. Nothing to report, and nothing went wrong: exit code 0. */
export class ReaderGone extends Error {}
