import { expect, it } from "vitest";
import { changeRole, negate, swapRoles } from "../../../src/text/corpus/edit.ts";
import { drawMeaning } from "../../../src/text/corpus/meaning.ts";
import { lexicon } from "../../../src/text/corpus/lexicon.ts";
import { conceptSimilarity, meaningSimilarity } from "../../../src/text/corpus/similarity.ts";
import { makeRandom } from "../../../src/text/random.ts";

const noun = (word: string) => lexicon.nouns.find((each) => each.words.includes(word))!;
const meanings = Array.from({ length: 300 }, (_, row) => drawMeaning(makeRandom("similarity", row)));

it("knows how far concepts are apart", () => {
  expect(conceptSimilarity(noun("boat"), noun("vessel"))).toBe(1);
  expect(conceptSimilarity(noun("boat"), noun("ferry"))).toBe(0.5);
  expect(conceptSimilarity(noun("boat"), noun("tractor"))).toBe(0.15);
  expect(conceptSimilarity(noun("boat"), noun("anchor"))).toBe(0.15);
  expect(conceptSimilarity(noun("boat"), noun("apple"))).toBe(0);
});

it("is 5 for equal meanings, symmetric, and within 0 and 5", () => {
  meanings.slice(1).forEach((a, i) => {
    const b = meanings[i]!;
    expect(meaningSimilarity(a, a)).toBe(5);
    expect(meaningSimilarity(a, b)).toBe(meaningSimilarity(b, a));
    expect(meaningSimilarity(a, b)).toBeGreaterThanOrEqual(0);
    expect(meaningSimilarity(a, b)).toBeLessThanOrEqual(5);
  });
});

it("falls with another agent, with swapped roles, and to half with a negation", () => {
  meanings.forEach((meaning, row) => {
    expect(meaningSimilarity(meaning, negate(meaning))).toBeCloseTo(2.5, 9);
    expect(meaningSimilarity(meaning, changeRole(makeRandom(row), meaning, "agent"))).toBeLessThan(5);
    const swapped = swapRoles(meaning);
    if (swapped !== undefined) expect(meaningSimilarity(meaning, swapped)).toBeLessThan(5);
  });
});
