/**
 * Cuts the rows of a batch into parts that go through the encoder one after the other, for losses that are means over rows: the
 * parts' losses and gradients, each times the part's share, add up to the batch's. Rows of like length share a part, so that
 * attention pads little.
 */
import type { PreparedStep, StepPart } from "./Method.ts";

/**
 * @param tokens of each row @param most tokens of a part that has more than one row; left out, the batch is one part
 * @param prepare makes the part of these rows (indices into the batch)
 * @param terms how many terms of the loss's mean each row has; left out, one. A part without terms is left out
 */
export function inParts(
  tokens: ReadonlyArray<number>,
  most: number | undefined,
  prepare: (rows: Int32Array) => PreparedStep,
  terms: ReadonlyArray<number> = tokens.map(() => 1),
): ReadonlyArray<StepPart> {
  const termsOf = (rows: Int32Array) => rows.reduce((sum, row) => sum + terms[row]!, 0);
  const parts = cutByTokens(tokens, most).filter((rows) => termsOf(rows) > 0);
  const all = parts.reduce((sum, rows) => sum + termsOf(rows), 0);
  return parts.map((rows) => ({ share: termsOf(rows) / all, prepare: () => prepare(rows) }));
}

/** Every row once. A batch of one part keeps its order. */
export function cutByTokens(tokens: ReadonlyArray<number>, most = Number.POSITIVE_INFINITY): ReadonlyArray<Int32Array> {
  const rows = Int32Array.from(tokens.keys());
  if (tokens.reduce((sum, count) => sum + count, 0) <= most) return [rows];
  rows.sort((a, b) => tokens[a]! - tokens[b]! || a - b);
  const parts: Array<Int32Array> = [];
  let from = 0;
  let held = 0;
  rows.forEach((row, i) => {
    if (held > 0 && held + tokens[row]! > most) {
      parts.push(rows.subarray(from, i));
      from = i;
      held = 0;
    }
    held += tokens[row]!;
  });
  return [...parts, rows.subarray(from)];
}
