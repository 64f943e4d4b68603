/** Lines of text files, whole and in pieces. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeLines, decodeLinesInParts } from "../../src/text/decodeLines.ts";

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield await Promise.resolve(bytes.subarray(from, from + size));
}

async function inParts(bytes: Uint8Array, pieceBytes: number, lines: number): Promise<Array<ReadonlyArray<string>>> {
  const parts: Array<ReadonlyArray<string>> = [];
  for await (const part of decodeLinesInParts(piecesOf(bytes, pieceBytes), lines)) parts.push(part);
  return parts;
}

describe("decodeLinesInParts", () => {
  it("gives the lines of the whole file, wherever it is cut", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("a", "b c", "猫", "🙂", "\ufeff", "\r", "\n", "\r\n", "\n\n"), { maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        async (texts, pieceBytes, lines) => {
          const bytes = Buffer.from(texts.join(""));
          const parts = await inParts(bytes, pieceBytes, lines);
          expect(parts.flat()).toEqual(decodeLines(bytes));
          for (const part of parts.slice(0, -1)) expect(part.length).toBeGreaterThanOrEqual(lines);
          expect(parts.at(-1)?.length).not.toBe(0);
        },
      ),
    ));

  it("counts the lines of earlier parts where one is at fault", async () => {
    const bytes = Buffer.from([97, 10, 98, 10, 99, 10, 0xff, 10]);
    await expect(inParts(bytes, 3, 1)).rejects.toMatchObject({ name: "TextProblem", line: 4 });
    await expect(inParts(Buffer.from("a\nb\nc\0"), 2, 1)).rejects.toMatchObject({ name: "TextProblem", line: 3 });
  });
});
