/** Breaks a text at blanks into lines of at most `columns`; a longer word stands alone. */
import { textWidth } from "../log/textWidth.ts";

export function wrapText(text: string, columns: number): ReadonlyArray<string> {
  const lines: Array<string> = [];
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    const last = lines.at(-1);
    if (last === undefined || textWidth(last) + 1 + textWidth(word) > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
