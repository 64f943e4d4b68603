/** The texts a command is given: as arguments, one a line in a file, or on standard input. */
import { readFileSync } from "node:fs";
import { decodeLines, TextProblem } from "../text/decodeLines.ts";
import { type Invocation, UsageError, valueOf } from "./commandLine.ts";

const stdin = 0;

/** @param given the operands that are texts. Throws `UsageError` where there is none, or where the file is no text. */
export function inputTexts(invocation: Invocation, given: ReadonlyArray<string>): ReadonlyArray<string> {
  const path = valueOf(invocation, "input");
  if (given.length > 0) {
    if (path !== undefined) throw new UsageError("there are texts and --input", "give one of them");
    return given;
  }
  if (path === undefined && process.stdin.isTTY)
    throw new UsageError("there are no texts", "give them as arguments, by --input PATH, or on standard input");
  const isStdin = path === undefined || path === "-";
  return linesOf(isStdin ? stdin : path, isStdin ? "standard input" : path);
}

function linesOf(source: number | string, shown: string): ReadonlyArray<string> {
  try {
    return decodeLines(readFileSync(source));
  } catch (error) {
    if (error instanceof TextProblem) {
      const line = error.line === undefined ? "" : `:${error.line}`;
      throw new UsageError(error.message, "texts are UTF-8, one a line", `${shown}${line}`);
    }
    throw new UsageError(`this cannot be read (${(error as NodeJS.ErrnoException).code})`, "one text a line", shown);
  }
}
