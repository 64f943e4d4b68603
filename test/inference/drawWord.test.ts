import { describe, expect, it } from "vitest";
import { choicesOf, drawWord } from "../../src/inference/drawWord.ts";

const logs = (...probabilities: ReadonlyArray<number>) => probabilities.map(Math.log);
const all = { topK: 1000, topP: 1 };
const listed = (...given: Parameters<typeof choicesOf>) =>
  choicesOf(...given).map(({ id, probability }) => [id, Number(probability.toFixed(9))]);
const ids = (...given: Parameters<typeof choicesOf>) => choicesOf(...given).map(({ id }) => id);

describe("choicesOf", () => {
  it("gives the likeliest k, renormalised (methods §6.2)", () => {
    const [first, second] = choicesOf(logs(0.4, 0.3, 0.2, 0.1), { topK: 2, topP: 1 });
    expect(first).toEqual({ id: 0, probability: expect.closeTo(0.571428571429, 11) });
    expect(second).toEqual({ id: 1, probability: expect.closeTo(0.428571428571, 11) });
  });

  it("gives all where k is beyond the vocabulary, the likeliest first", () => {
    expect(listed(logs(0.1, 0.4, 0.2, 0.3), all)).toEqual([[1, 0.4], [3, 0.3], [2, 0.2], [0, 0.1]]); // prettier-ignore
  });

  it("gives the fewest that together have the share p, the likeliest always among them", () => {
    const probabilities = logs(0.1, 0.4, 0.2, 0.3);
    expect(ids(probabilities, { ...all, topP: 0.69 })).toEqual([1, 3]);
    expect(ids(probabilities, { ...all, topP: 0.71 })).toEqual([1, 3, 2]);
    expect(ids(probabilities, { ...all, topP: 0 })).toEqual([1]);
    expect(listed(probabilities, { ...all, topP: 0.5 })).toEqual([[1, 0.571428571], [3, 0.428571429]]); // prettier-ignore
  });

  it("counts the share of all words, not of the likeliest k", () => {
    expect(ids(logs(0.4, 0.3, 0.2, 0.1), { topK: 3, topP: 0.8 })).toEqual([0, 1, 2]);
    expect(ids(logs(0.4, 0.3, 0.2, 0.1), { topK: 2, topP: 0.99 })).toEqual([0, 1]);
  });

  it("takes the lower id of equally likely ones, whichever way they are looked for", () => {
    const equal = [0, 5, 0, 5, 5, 0];
    expect(ids(equal, { topK: 2, topP: 1 })).toEqual([1, 3]);
    expect(ids(equal, { topK: 4, topP: 1 })).toEqual([1, 3, 4, 0]);
    expect(ids(equal, all)).toEqual([1, 3, 4, 0, 2, 5]);
  });

  it("minds logits that are far from zero", () => {
    expect(listed([1e4, 1e4, -1e4], all)).toEqual([[0, 0.5], [1, 0.5]]); // prettier-ignore
  });
});

describe("drawWord", () => {
  it("gives each word the part of 0 to 1 that it is likely", () => {
    const choices = choicesOf(logs(0.4, 0.3, 0.2, 0.1), { topK: 2, topP: 1 });
    const draw = (uniform: number) => drawWord(choices, uniform);
    expect([0, 0.5714, 0.5715, 0.999999, 1 - 2 ** -53].map(draw)).toEqual([0, 0, 1, 1, 1]);
  });

  it("always takes the likeliest where there is one choice", () => {
    const choices = choicesOf([1, 3, 2], { topK: 1, topP: 1 });
    expect([0, 0.5, 0.99].map((uniform) => drawWord(choices, uniform))).toEqual([1, 1, 1]);
  });
});
