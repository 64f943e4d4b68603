/**
 * English text as the Moses tokenizer leaves it, words and punctuation apart by one space: the form in which SentEval, and so
 * SimCSE and DiffCSE, read STS12-16 and STS-B (lower-cased besides). Numbers made on this form and on raw text differ.
 *
 * The rules are those of Moses' `tokenizer.perl` for English without escaping, in its order.
 */

const replacements: ReadonlyArray<readonly [RegExp, string]> = [
  [/\s+/gu, " "],
  [/\p{Cc}/gu, ""],
  [/^ | $/gu, ""],
  // All that is neither letter nor digit, but for . ' ` , -
  [/([^\p{Alphabetic}\p{N}\s.'`,-])/gu, " $1 "],
];

/** Commas stay inside of numbers only; an apostrophe goes to the word behind it. */
const commasAndApostrophes: ReadonlyArray<readonly [RegExp, string]> = [
  [/(\P{N}),/gu, "$1 , "],
  [/,(\P{N})/gu, " , $1"],
  [/(\p{N}),$/gu, "$1 , "],
  [/(\P{Alphabetic})'(\P{Alphabetic})/gu, "$1 ' $2"],
  [/([^\p{Alphabetic}\p{N}])'(\p{Alphabetic})/gu, "$1 ' $2"],
  [/(\p{Alphabetic})'(\P{Alphabetic})/gu, "$1 ' $2"],
  [/(\p{Alphabetic})'(\p{Alphabetic})/gu, "$1 '$2"],
  [/(\p{N})'(s)/gu, "$1 '$2"],
];

/** Abbreviations whose full stop is no end of a sentence. */
const abbreviations: ReadonlySet<string> = new Set([
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  ...(
    "Adj Adm Adv Asst Bart Bldg Brig Bros Capt Cmdr Col Comdr Con Corp Cpl DR Dr Drs Ens Gen Gov Hon Hr Hosp Insp Lt MM MR MRS MS " +
    "Maj Messrs Mlle Mme Mr Mrs Ms Msgr Op Ord Pfc Ph Prof Pvt Rep Reps Res Rev Rt Sen Sens Sfc Sgt Sr St Supt Surg v vs i.e rev e.g " +
    "Rs Nos Nr Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec"
  ).split(" "),
]);

/** The same, where a number follows. */
const numberAbbreviations: ReadonlySet<string> = new Set(["No", "Art", "pp"]);

/** @param text one sentence @returns its tokens, one space between them */
export function mosesTokenize(text: string): string {
  const padded = replaceAll(text, replacements);
  // Runs of dots are one token: out of the way of the rules for one dot.
  const runs: Array<string> = [];
  const marked = padded.replace(/\.{2,}/gu, (run) => ` \u{e000}${String.fromCodePoint(0xe100 + runs.push(run) - 1)} `);
  const parted = splitFullStops(replaceAll(marked, commasAndApostrophes)).replace(/\s+/gu, " ").trim();
  return parted
    .replace(/\.' ?$/u, " . ' ")
    .replace(/\u{e000}(.)/gu, (_, place: string) => runs[place.codePointAt(0)! - 0xe100]!)
    .trim();
}

const replaceAll = (text: string, rules: ReadonlyArray<readonly [RegExp, string]>): string =>
  rules.reduce((changed, [pattern, by]) => changed.replace(pattern, by), text);

function splitFullStops(text: string): string {
  const tokens = text.split(/\s+/u).filter((token) => token !== "");
  return tokens
    .map((token, i) => {
      const prefix = /^(\S+)\.$/u.exec(token)?.[1];
      return prefix === undefined || keepsFullStop(prefix, tokens[i + 1]) ? token : `${prefix} .`;
    })
    .join(" ");
}

const keepsFullStop = (prefix: string, next: string | undefined): boolean =>
  (prefix.includes(".") && /\p{Alphabetic}/u.test(prefix)) ||
  abbreviations.has(prefix) ||
  (next !== undefined && /^\p{Lowercase}/u.test(next)) ||
  (numberAbbreviations.has(prefix) && next !== undefined && /^[0-9]/u.test(next));
