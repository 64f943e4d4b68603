/** How many columns a text takes in a terminal, and cutting to a number of columns. Escape sequences take none. */
import { stripVTControlCharacters } from "node:util";

/** East Asian wide and full-width forms, and emoji: two columns each. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
// oxlint-disable no-misleading-character-class, no-control-regex -- single marks and the escape character are what is meant
const zero = /^[\p{Mark}\u200b-\u200f\ufe0f]$/u;
const escapeSequence = /^\u001b\[[0-9;?]*[A-Za-z]/;

// oxlint-enable no-misleading-character-class, no-control-regex

const widthOf = (character: string): number => (zero.test(character) ? 0 : wide.test(character) ? 2 : 1);

export function textWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += widthOf(character);
  return width;
}

/** Cuts to at most `columns`, with an ellipsis in the last one; escape sequences are kept, so that colours end. */
export function truncate(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let width = 0;
  let kept = "";
  let ended = false;
  for (let rest = text; rest !== "";) {
    const escape = escapeSequence.exec(rest)?.[0];
    const piece = escape ?? String.fromCodePoint(rest.codePointAt(0)!);
    rest = rest.slice(piece.length);
    if (escape !== undefined) kept += escape;
    else if (!ended) {
      ended = width + widthOf(piece) > columns - 1;
      kept += ended ? "…" : piece;
      width += widthOf(piece);
    }
  }
  return columns <= 0 ? "" : kept;
}

export const padEnd = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - textWidth(text)));

export const padStart = (text: string, columns: number): string =>
  " ".repeat(Math.max(0, columns - textWidth(text))) + text;

/** A message that may hold line breaks or control characters (from a file's name, say), safe inside one line. */
export const oneLine = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f]+/g, " ");
