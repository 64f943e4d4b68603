/**
 * The built-in graded corpus: sentences for unsupervised training, and pairs of them with a gold score for evaluation.
 *
 * A sentence is a meaning (who does what to whom, where, when, how) put into words; a pair is a meaning and an edited copy,
 * each put into words of its own; the gold follows from the two meanings alone (corpus/similarity.ts). Splits are disjoint
 * by construction: a hash of verb and nouns of the main clause sends every meaning to `train` or `test`.
 */
import { changeModifier, changeRole, changeVerb, negate, nounsOf, swapRoles } from "./corpus/edit.ts";
import { drawMeaning, type Meaning } from "./corpus/meaning.ts";
import { realise } from "./corpus/realise.ts";
import { meaningSimilarity } from "./corpus/similarity.ts";
import { drawStyle, turnStyle } from "./corpus/Style.ts";
import { hash32, makeRandom, type Random } from "./random.ts";

export type Split = "train" | "test";

export interface GradedPair {
  readonly a: string;
  readonly b: string;
  /** 0 to 5, rounded to hundredths. */
  readonly score: number;
  /** What was done to the meaning of `a` to get that of `b`. */
  readonly edit: Edit;
}

export type Edit = "paraphrase" | "modifiers" | "swap" | "negation" | "one-slot" | "two-slots" | "topic" | "unrelated";

/** Which split a meaning belongs to; the same for every seed, and whichever way its people are swapped. */
export function splitOf(meaning: Meaning): Split {
  const nouns = nounsOf(meaning).map((noun) => noun.words[0]!);
  return hash32([meaning.verb.words[0]!, ...nouns.sort()].join("|")) % 5 === 0 ? "test" : "train";
}

/** Draws until the meaning is of the split: one in five is `test`. */
function drawOfSplit(split: Split, draw: () => Meaning): Meaning {
  for (;;) {
    const meaning = draw();
    if (splitOf(meaning) === split) return meaning;
  }
}

/** `count` sentences; the i-th depends on seed, split and i only. */
export function generateSentences(seed: number, split: Split, count: number): ReadonlyArray<string> {
  return Array.from({ length: count }, (_, i) => {
    const random = makeRandom(seed, split, "sentence", i);
    const meaning = drawOfSplit(split, () => drawMeaning(random));
    return realise(random, meaning, drawStyle(random));
  });
}

const editWeights: ReadonlyArray<readonly [Edit, number]> = [
  ["paraphrase", 18],
  ["modifiers", 18],
  ["one-slot", 20],
  ["two-slots", 14],
  ["topic", 12],
  ["unrelated", 8],
  ["swap", 5],
  ["negation", 5],
];

function changeCore(random: Random, meaning: Meaning): Meaning {
  const choice = random.pick(["verb", "agent", "patient", "patient", "recipient"] as const);
  return choice === "verb" ? changeVerb(random, meaning) : changeRole(random, meaning, choice);
}

function changeModifiers(random: Random, meaning: Meaning): Meaning {
  const once = changeModifier(random, meaning);
  return random.chance(50) ? changeModifier(random, once) : once;
}

function drawSwappable(random: Random): Meaning {
  for (;;) {
    const meaning = drawMeaning(random);
    if (swapRoles(meaning) !== undefined) return meaning;
  }
}

function applyEdit(random: Random, edit: Edit, meaning: Meaning): Meaning {
  switch (edit) {
    case "paraphrase":
      return meaning;
    case "modifiers":
      return changeModifiers(random, meaning);
    case "negation":
      return negate(meaning);
    case "swap":
      return swapRoles(meaning)!;
    case "one-slot":
      return changeCore(random, random.chance(40) ? changeModifier(random, meaning) : meaning);
    case "two-slots":
      return changeVerb(
        random,
        changeRole(random, changeModifiers(random, meaning), random.pick(["agent", "patient"])),
      );
    case "topic":
      return drawMeaning(random, meaning.domain);
    case "unrelated":
      return drawMeaning(random);
  }
}

/** Edits again until something changed: a slot that the meaning lacks cannot. */
function editedMeaning(random: Random, edit: Edit, meaning: Meaning): Meaning {
  for (;;) {
    const edited = applyEdit(random, edit, meaning);
    if (edit === "paraphrase" || meaningSimilarity(edited, meaning) < 5) return edited;
  }
}

const wordsOf = (sentence: string): ReadonlySet<string> => {
  const words = sentence.toLowerCase().replace(/[.,]/g, "").split(" ");
  return new Set([...words, ...words.map((word) => word.replace(/(s|ed|d|ing)$/, ""))]);
};

/** Same meanings are mostly told in other words, unlike meanings in the same ones, so that counting common words misleads. */
const rewordPercent: { readonly [E in Edit]: number } = {
  paraphrase: 85,
  modifiers: 75,
  "one-slot": 45,
  "two-slots": 35,
  swap: 30,
  negation: 30,
  topic: 50,
  unrelated: 50,
};

function generatePair(random: Random, split: Split): GradedPair {
  const edit = random.weighted(editWeights, ([, weight]) => weight)[0];
  const first = drawOfSplit(split, () => (edit === "swap" ? drawSwappable(random) : drawMeaning(random)));
  const second = drawOfSplit(split, () => editedMeaning(random, edit, first));
  const style = drawStyle(random);
  const a = realise(random, first, style);
  const reworded = random.chance(rewordPercent[edit]);
  const b = reworded
    ? realise(random, second, turnStyle(random, style), wordsOf(a))
    : realise(random, second, random.chance(50) ? style : drawStyle(random));
  return { a, b, score: Math.round(meaningSimilarity(first, second) * 100) / 100, edit };
}

/** `count` pairs with their gold; the i-th depends on seed, split and i only. */
export function generatePairs(seed: number, split: Split, count: number): ReadonlyArray<GradedPair> {
  return Array.from({ length: count }, (_, i) => generatePair(makeRandom(seed, split, "pair", i), split));
}
