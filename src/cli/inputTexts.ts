/** The texts a command is given: as arguments, one a line in a file, or on standard input. */
import { readFile } from "node:fs/promises";
import { decodeLines, TextProblem } from "../text/decodeLines.ts";
import { type Invocation, UsageError, valueOf } from "./commandLine.ts";

/** @param given the operands that are texts. Throws `UsageError` where there is none, or where the file is no text. */
export async function inputTexts(invocation: Invocation, given: ReadonlyArray<string>): Promise<ReadonlyArray<string>> {
  const path = valueOf(invocation, "input");
  if (given.length > 0) {
    if (path !== undefined) throw new UsageError("there are texts and --input", "give one of them");
    return given;
  }
  if (path === undefined && process.stdin.isTTY)
    throw new UsageError("there are no texts", "give them as arguments, by --input PATH, or on standard input");
  if (path === undefined || path === "-") return linesOf(readStdin, "standard input");
  return linesOf(() => readFile(path), path);
}

/** As a stream: a pipe that has nothing yet would make a synchronous read fail. */
async function readStdin(): Promise<Uint8Array> {
  const chunks: Array<Uint8Array> = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function linesOf(read: () => Promise<Uint8Array>, shown: string): Promise<ReadonlyArray<string>> {
  try {
    return decodeLines(await read());
  } catch (error) {
    if (error instanceof TextProblem) {
      const line = error.line === undefined ? "" : `:${error.line}`;
      throw new UsageError(error.message, "texts are UTF-8, one a line", `${shown}${line}`);
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`this cannot be read (${code})`, "wanted is a text file, one text a line", shown);
  }
}
