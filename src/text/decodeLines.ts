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
export const decodeLines = (bytes: Uint8Array): Array<string> => linesAfter(0, bytes);

/**
 * The same line by line from the pieces of a file as they come, in arrays of at least `size` lines (the last one of fewer, and
 * none where there is no line): what is held at a time does not grow with the file.
 */
export async function* decodeLinesInParts(
  pieces: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<ReadonlyArray<string>> {
  let before = 0;
  let lines: Array<string> = [];
  let unended: Array<Uint8Array> = [];
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(lineFeed) + 1;
    unended.push(piece.subarray(0, end));
    if (end > 0) {
      lines = lines.concat(linesAfter(before + lines.length, Buffer.concat(unended)));
      unended = [];
    }
    unended.push(piece.subarray(end));
    if (lines.length < size) continue;
    yield lines;
    before += lines.length;
    lines = [];
  }
  lines = lines.concat(linesAfter(before + lines.length, Buffer.concat(unended)));
  if (lines.length > 0) yield lines;
}

/** Whole lines of a file that has `before` lines before them. */
function linesAfter(before: number, bytes: Uint8Array): Array<string> {
  const lines = decodeUtf8(before, bytes).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, i) => {
    if (line.includes("\0"))
      throw new TextProblem("a NUL character: this is not a text file", "name a text file", before + i + 1);
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  });
}

const lineFeed = 10;

/** Only the file's first bytes can be a byte order mark. */
function decodeUtf8(before: number, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: before > 0 }).decode(bytes);
  } catch {
    throw new TextProblem("bytes that are not UTF-8", "convert the file to UTF-8", before + lineOfBadBytes(bytes));
  }
}

/** The first line that does not decode. A line feed is never part of a longer character in UTF-8, so lines can be cut first. */
function lineOfBadBytes(bytes: Uint8Array): number {
  let start = 0;
  for (let line = 1; ; line++) {
    const found = bytes.indexOf(lineFeed, start);
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
