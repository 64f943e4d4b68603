/** Offsets in a text as places that people and editors know. */
import type { StageProblem } from "../core/StageFile.ts";

/** The piece from `start` to `end` (offsets in code units), as far as it lies in the line where it begins. */
export function placeAt(file: string, text: string, start: number, end: number): NonNullable<StageProblem["place"]> {
  const before = text.slice(0, start);
  const line = before.split("\n").length;
  const column = start - (before.lastIndexOf("\n") + 1) + 1;
  const [firstLine = ""] = text.slice(start, end).split("\n");
  return { file, line, column, length: Math.max(1, firstLine.length) };
}
