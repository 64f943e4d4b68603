/** Text files as lines: UTF-8, ended by LF or CRLF, checked so that a file of another kind is refused with the line at fault. */

/** What is wrong, in which line (from 1) where it is one, and what to do about it. */
export class TextProblem extends Error {
  override readonly name = "TextProblem";
  readonly hint: string;
  readonly line: number | undefined;

  constructor(message: string, hint: string, line?: number) {
    super(message);
    this.hint = hint;
    this.line = line;
  }
}

/**
 * The lines of a file, without their ends; a byte order mark is dropped, and the end of the last line begins no further one.
 *
 * @throws TextProblem for a NUL character or bytes that are not UTF-8, with the line.
 */
export function decodeLines(bytes: Uint8Array): Array<string> {
  const lines = decodeUtf8(bytes).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, i) => {
    if (line.includes("\0"))
      throw new TextProblem("a NUL character: this is not a text file", "name a text file", i + 1);
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  });
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TextProblem("bytes that are not UTF-8", "convert the file to UTF-8", lineOfBadBytes(bytes));
  }
}

/** The first line that does not decode. A line feed is never part of a longer character in UTF-8, so lines can be cut first. */
function lineOfBadBytes(bytes: Uint8Array): number {
  const newline = 10;
  let start = 0;
  for (let line = 1; ; line++) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    if (found < 0) return line;
    start = end + 1;
  }
}
