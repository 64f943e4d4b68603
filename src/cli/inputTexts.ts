/** The texts a command is given: as arguments, one a line in a file, or on standard input. */
import { createReadStream } from "node:fs";
import { decodeLinesInParts, TextProblem } from "../text/decodeLines.ts";
import { type Invocation, UsageError, valueOf } from "./commandLine.ts";

/** Enough texts at a time to sort by length and run in full batches; their embeddings are 50 MB at 384 numbers a text. */
const textsAtATime = 32_768;

/**
 * The texts in parts, as they are read. Throws `UsageError` at once where there is none, later where the file is no text.
 * @param given the operands that are texts
 */
export function inputTexts(
  invocation: Invocation,
  given: ReadonlyArray<string>,
): AsyncIterable<ReadonlyArray<string>> | Iterable<ReadonlyArray<string>> {
  const path = valueOf(invocation, "input");
  if (given.length > 0) {
    if (path !== undefined) throw new UsageError("there are texts and --input", "give one of them");
    return [given];
  }
  if (path === undefined && process.stdin.isTTY)
    throw new UsageError("there are no texts", "give them as arguments, by --input PATH, or on standard input");
  if (path === undefined || path === "-") return linesOf(() => process.stdin, "standard input");
  return linesOf(() => createReadStream(path), path);
}

/** @param open opens the stream when its lines are asked for: before, an error of it would be nobody's */
async function* linesOf(
  open: () => AsyncIterable<Uint8Array>,
  shown: string,
): AsyncGenerator<ReadonlyArray<string>, void, void> {
  try {
    yield* decodeLinesInParts(open(), textsAtATime);
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
