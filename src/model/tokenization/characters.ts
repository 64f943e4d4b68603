/**
 * Classes of characters as the reference implementation has them, for use in regular expressions. JavaScript's `\p{…}` follow the
 * Unicode version of the Node that runs, and its `\s` has a definition of its own; ids must depend on neither. (Regular
 * expressions that a `tokenizer.json` brings do follow Node's `\p{…}`, which knows more letters than the reference's.)
 */
import * as tables from "./characterTables.ts";

export type CharacterClass = keyof typeof tables;

const unpacked = new Map<CharacterClass, string>();

/** The inside of a character class, for a pattern with the flag `u`: `[${inClass("letters")}]+`. */
export function inClass(name: CharacterClass): string {
  const known = unpacked.get(name);
  if (known !== undefined) return known;
  const ranges = unpack(tables[name]);
  unpacked.set(name, ranges);
  return ranges;
}

function unpack(runs: string): string {
  let at = 0;
  const ranges = runs.split(" ").map((run) => {
    const [gap, length = "1"] = run.split("+");
    const first = at + Number.parseInt(gap!, 36);
    at = first + Number.parseInt(length, 36);
    return `${escaped(first)}-${escaped(at - 1)}`;
  });
  return ranges.join("");
}

const escaped = (code: number): string => `\\u{${code.toString(16)}}`;

/** Unicode's White_Space: with U+0085, which JavaScript's `\s` lacks, and without U+FEFF, which it has. */
export const whiteSpace = "\\t-\\r\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/** Only printable ASCII, which most steps have nothing to do with. */
export const isPlain = (text: string): boolean => /^[ -~]*$/.test(text);

/**
 * Lower case, character by character: a sigma at the end of a word becomes σ like any other, not ς as `toLowerCase` has it.
 */
export const lowercased = (text: string): string => text.replaceAll("Σ", "σ").toLowerCase();

/**
 * Characters that normal forms decompose or reorder in Unicode 17, and not in the version that the reference was built with: to it
 * they are unassigned, and what stands on either side of them is normalized by itself. Packed as in characterTables.ts.
 */
const newerCharacters =
  "1kt 49+9 16+a 8a fx 72+2 al 1ne q1+v 2+c lm+5 45g n3l+4 1j n0 hun q bg+5 1+16 1+9 12h+4 1t+5 8t+2 25+2 1+3 1y+b " +
  "1d+4 6i ju 1z 1 8 2 1f 1+2 5+3 3x re+2 71 4+2 4 4c 2b i 29 iw 1+2 29 bt+2 d0e+8 6 2ew+3 hx+2 ick+10 3sm+1q x " +
  "4g+7 af 1p+4 e4+4 72+2 6r 2 7+2 5 22e 22r+a";

export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

let newer: RegExp | undefined;

/** A normal form as the reference has it. */
export function normalForm(text: string, form: NormalForm): string {
  newer ??= new RegExp(`[${unpack(newerCharacters)}]`, "gu");
  if (text.search(newer) < 0) return text.normalize(form);
  let result = "";
  let from = 0;
  for (const { 0: character, index } of text.matchAll(newer)) {
    result += text.slice(from, index).normalize(form) + character;
    from = index + character.length;
  }
  return result + text.slice(from).normalize(form);
}
