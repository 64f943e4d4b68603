/**
 * The beginning of a text, cut where a clause ends: SimBERT reads at most 30 characters of a sentence, and half a clause would be a
 * bad target to write.
 *
 * Source: Su Jianlin, bert4keras (`text_segmentate`), as SimBERT calls it.
 */

/** Where to cut, the best border first. */
const borders = [..."\n。！？!?；;，, "];
/** Left at either end of a piece, they say nothing. */
const loose = /^[；;，, ]+|[；;，, ]+$/gu;

/** The first piece of a text cut into pieces of at most `most` characters; one clause without a border stays as long as it is. */
export const firstClause = (text: string, most: number): string => piece(text, most, 0);

function piece(given: string, most: number, border: number): string {
  const text = given.trim().replace(loose, "");
  const sign = borders[border];
  if (sign === undefined || lengthOf(text) <= most) return text;
  const clauses = text.split(sign);
  let taken = "";
  for (const [i, clause] of clauses.entries()) {
    if (taken !== "" && clause !== "" && lengthOf(taken) + lengthOf(clause) > most - 1) break;
    taken += i + 1 === clauses.length ? clause : clause + sign;
  }
  return piece(taken, most, border + 1);
}

/** In characters as people count them, not in UTF-16 units. */
const lengthOf = (text: string): number => [...text].length;
