/** What is wrong with labels, texts and ports of Sentence-BERT is said before the first update. */
import { describe, expect, it } from "vitest";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import { classesOf, scaledScores } from "../../src/training/goldLabels.ts";
import { labelledTexts, type LabelPorts, type LabelSettings } from "../../src/training/labelledTexts.ts";
import { TrainingFailure } from "../../src/training/TrainingFailure.ts";
import {
  tinyBackbone,
  tinyGold,
  tinyLabelSettings,
  tinyPairs,
  tinyTokens,
  pairsDigest,
  special,
  tokenizer,
} from "./tinyModel.ts";

const model = tinyBackbone();
const gold = (...scores: ReadonlyArray<number>) => ({
  pairs: pairsDigest,
  scores: Float64Array.from(scores),
  sets: scores.map((_, row) => (row < 2 ? "train" : "more")),
});

const failureOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof TrainingFailure) return `${error.reason}: ${error.message} ${error.hint}`;
    throw error;
  }
  return "none";
};
const made = (ports: LabelPorts, settings: Partial<LabelSettings> = {}) =>
  failureOf(() => labelledTexts(model, ports, { ...tinyLabelSettings, ...settings }));

const side = (rows: ReadonlyArray<ReadonlyArray<number>>) => ({ tokenizer, special, ids: raggedFrom(rows) });

describe("classes", () => {
  it("are whole numbers from 0; there is one more than the highest", () => {
    expect(classesOf(gold(0, 2, 1, 0))).toEqual({ count: 3, values: Int32Array.of(0, 2, 1, 0), warnings: [] });
    expect(classesOf(gold(0, 2), 4).warnings).toEqual(["No pair has the class 1 or 3 of 4 classes."]);
  });

  it("are refused with their place where they are none, or out of range", () => {
    expect(failureOf(() => classesOf(gold(0, 1, 0, 2.5)))).toBe(
      "invalid: The label of pair 2 of the set more is 2.5, but classes are whole numbers from 0 on. " +
        "Number the classes from 0 in the score column, or set objective to regression for scores.",
    );
    expect(failureOf(() => classesOf(gold(0, -1, 0)))).toMatch(/^invalid: The label of pair 2 of the set train is -1,/);
    expect(failureOf(() => classesOf(gold(0, 1, 3), 3))).toBe(
      "invalid: The label of pair 1 of the set more is 3, but there are 3 classes: 0 to 2. " +
        "Set classes to one more than the highest label.",
    );
    expect(failureOf(() => classesOf(gold(0, 100)))).toBe(
      "invalid: The labels go up to 100, which would be 101 classes. " +
        "Set classes to how many there are, or objective to regression for scores.",
    );
  });

  it("are refused where all are the same one", () => {
    expect(failureOf(() => classesOf(gold(1, 1, 1)))).toBe(
      "invalid: All 3 pairs have the class 1: there is nothing to tell apart. Train on pairs of more than one class.",
    );
  });
});

describe("scores", () => {
  it("are divided by the end of their scale, and doubted where none comes near it", () => {
    expect(scaledScores(gold(0, 5, 2.5), 5)).toEqual({ values: Float32Array.of(0, 1, 0.5), warnings: [] });
    expect(scaledScores(gold(0, 1), 5).warnings).toEqual([
      "The highest score is 1, and highestScore is 5: no label is above 0.2. Set highestScore to the end of the scale.",
    ]);
  });

  it("are refused off the scale, and where all are the same", () => {
    expect(failureOf(() => scaledScores(gold(0, 5), 4))).toBe(
      "invalid: The score of pair 2 of the set train is 5, but highestScore is 4: scores go from 0 to it. " +
        "Set highestScore to the end of the scale.",
    );
    expect(failureOf(() => scaledScores(gold(3, 3), 5))).toMatch(/^invalid: All 2 pairs have the score 3:/);
  });
});

describe("what is linked", () => {
  const pairs = tinyPairs(4);

  it("has to be what the objective learns from, and no more", () => {
    expect(made({ pairs, gold: tinyGold(4) })).toBe("none");
    expect(made({ pairs })).toBe(
      "invalid: The objective softmax learns from pairs and gold, but nothing is linked to gold. " +
        "Link pairs and gold for softmax and regression, or anchors, positives and negatives for triplet.",
    );
    expect(made({ anchors: tinyTokens(3), pairs }, { objective: "triplet" })).toMatch(
      /^invalid: The objective triplet learns from anchors, positives and negatives, but nothing is linked to positives and negatives\./,
    );
    expect(made({ pairs, gold: tinyGold(4), anchors: tinyTokens(3) }, { objective: "regression" })).toMatch(
      /^invalid: The objective regression learns from pairs and gold, so what is linked to anchors would be left out\./,
    );
  });

  it("has labels of the same pairs", () => {
    expect(made({ pairs, gold: { ...tinyGold(4), pairs: "3".repeat(64) } })).toMatch(
      /^invalid: The labels on port "gold" belong to pairs 333333333333, but port "pairs" has 222222222222\./,
    );
    expect(made({ pairs, gold: { ...tinyGold(4), scores: new Float64Array(0) } })).toMatch(
      /^invalid: There are no labels on port "gold": of the sets tiny at least one has no score column\./,
    );
    expect(made({ pairs, gold: tinyGold(3) })).toMatch(/^invalid: Port "gold" has 3 labels for 4 pairs\./);
  });

  it("has a token in every text, of the model's tokenizer", () => {
    const a = raggedFrom([[7], [8, 9], [], [5]]);
    expect(made({ pairs: { ...pairs, a }, gold: tinyGold(4) })).toBe(
      'invalid: A text of pair 3 on port "pairs" has no token. Take the row out of the data, or fill it in.',
    );
    expect(made({ pairs: { ...pairs, tokenizer: "8".repeat(64) }, gold: tinyGold(4) })).toMatch(
      /^invalid: Port "pairs" was tokenized with tokenizer 888888888888/,
    );
  });

  it("has as many anchors as positives and negatives", () => {
    const two = side([[7], [8]]);
    expect(made({ anchors: two, positives: two, negatives: two }, { objective: "triplet" })).toBe("none");
    expect(made({ anchors: two, positives: two, negatives: side([[5]]) }, { objective: "triplet" })).toBe(
      "invalid: Row by row anchors, positives and negatives are one example, but there are 2, 2 and 1 of them. " +
        "Link three columns of as many rows, in the same order.",
    );
  });
});
