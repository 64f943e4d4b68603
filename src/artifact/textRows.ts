/** What stages that only choose rows need: Sentences and Pairs seen as rows of texts. */
import type { Pairs, Sentences } from "./values.ts";

export type TextRows = Sentences | Pairs;

/** The rows at the indexes that `choose` gives for the number of rows, in that order. */
export function selectRows(rows: TextRows, choose: (length: number) => ArrayLike<number>): TextRows {
  if ("texts" in rows) return { texts: pick(rows.texts, choose(rows.texts.length)) };
  const indexes = choose(rows.a.length);
  return { a: pick(rows.a, indexes), b: pick(rows.b, indexes) };
}

const pick = (texts: ReadonlyArray<string>, indexes: ArrayLike<number>): ReadonlyArray<string> =>
  Array.from(indexes, (index) => texts[index]!);

/** The index of the first row of each content, in order. Pairs are equal when both sides are: (a, b) is not (b, a). */
export function firstRows(rows: TextRows): ReadonlyArray<number> {
  const texts = "texts" in rows ? rows.texts : rows.a.map((a, i) => `${a.length}:${a}${rows.b[i]!}`);
  const seen = new Set<string>();
  return texts.flatMap((text, i) => {
    if (seen.has(text)) return [];
    seen.add(text);
    return [i];
  });
}
