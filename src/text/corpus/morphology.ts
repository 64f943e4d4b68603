/** English inflection for the words of the lexicon: plurals, verb forms, a/an. Rules first, the tables hold what they miss. */
import { irregularPlurals } from "./nouns.ts";
import { doublingVerbs, irregularVerbs } from "./verbs.ts";

const endsInHiss = (word: string): boolean => /(s|x|z|ch|sh)$/.test(word);
const endsInConsonantY = (word: string): boolean => /[^aeiou]y$/.test(word);

export function plural(noun: string): string {
  const irregular = irregularPlurals[noun];
  if (irregular !== undefined) return irregular;
  if (noun.endsWith("man")) return `${noun.slice(0, -3)}men`;
  if (endsInConsonantY(noun)) return `${noun.slice(0, -1)}ies`;
  return endsInHiss(noun) ? `${noun}es` : `${noun}s`;
}

function regularPast(base: string): string {
  if (base.endsWith("e")) return `${base}d`;
  if (endsInConsonantY(base)) return `${base.slice(0, -1)}ied`;
  return doublingVerbs.has(base) ? `${base}${base.at(-1)}ed` : `${base}ed`;
}

export function past(base: string): string {
  return irregularVerbs[base]?.split(" ")[0] ?? regularPast(base);
}

export function participle(base: string): string {
  return irregularVerbs[base]?.split(" ").at(-1) ?? regularPast(base);
}

export function presentParticiple(base: string): string {
  if (/[^eo]e$/.test(base)) return `${base.slice(0, -1)}ing`;
  return doublingVerbs.has(base) ? `${base}${base.at(-1)}ing` : `${base}ing`;
}

/** The indefinite article before `phrase`. */
export const indefiniteArticle = (phrase: string): "a" | "an" =>
  /^([aeio]|u(?!nif|niv|s))|^hono?u?r|^honest/.test(phrase) ? "an" : "a";
