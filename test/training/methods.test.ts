import { describe, expect, it } from "vitest";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import type { PreparedStep } from "../../src/training/Method.ts";
import { biEncoder } from "../../src/training/methods/biEncoder.ts";
import { crossEncoder, labelsOf } from "../../src/training/methods/crossEncoder.ts";
import { maskedLanguageModel } from "../../src/training/methods/maskedLanguageModel.ts";
import { simCse } from "../../src/training/methods/simCse.ts";
import { maskTokens } from "../../src/training/maskTokens.ts";
import { streamKey } from "../../src/training/random.ts";
import { special, tinyBackbone, tinyOptions, tinyPairs, tinyScores, tinyTokens } from "./tinyModel.ts";
import { wholeBatch } from "../kit/wholeBatch.ts";

const model = tinyBackbone();
const cross = { ...tinyOptions, labels: "cosine-raw" as const, bothOrders: true };
const contrastive = { ...tinyOptions, temperature: 0.05, pooling: "cls" as const };

/** Rows of a step's batch, as ids in the caller's order. */
function rowsOf({ encodings: [{ batch }] }: PreparedStep): ReadonlyArray<ReadonlyArray<number>> {
  return Array.from(batch.firstToken, (first, row) =>
    Array.from(batch.ids.subarray(first, first + batch.lengths[row]!)),
  );
}

const trainsProjection = (options: Parameters<typeof simCse>[2]) =>
  simCse(model, tinyTokens(8), options, 1).start.has("projection.dense.weight");

describe("simCse", () => {
  it("shows each sentence twice in a batch, under masks of their own", () => {
    const prepared = wholeBatch(simCse(model, tinyTokens(8), contrastive, 1));
    const rows = rowsOf(prepared);
    expect(rows.length).toBe(16);
    expect(rows.slice(0, 8)).toEqual(rows.slice(8));
    const masks = prepared.feeds["batch.dropout.0"]!;
    const { firstToken } = prepared.encodings[0].batch;
    const [one, other] = [firstToken[0]!, firstToken[8]!];
    const { hiddenSize } = model.config;
    expect(masks.slice(one * hiddenSize, (one + 1) * hiddenSize)).not.toEqual(
      masks.slice(other * hiddenSize, (other + 1) * hiddenSize),
    );
  });

  it("has a train-only projection with pooling cls, and none with mean unless asked for", () => {
    expect(trainsProjection(contrastive)).toBe(true);
    expect(trainsProjection({ ...contrastive, pooling: "mean" })).toBe(false);
    expect(trainsProjection({ ...contrastive, pooling: "mean", projection: true })).toBe(true);
    expect(trainsProjection({ ...contrastive, projection: false })).toBe(false);
  });

  it("names what does not fit before the first update", () => {
    expect(() => simCse(model, tinyTokens(1), contrastive, 1)).toThrow(
      'Port "sentences" has 1 sentence, but at least 2 are needed: one alone has no negative.',
    );
    expect(() => simCse(model, tinyTokens(0), contrastive, 1)).toThrow(
      'Port "sentences" has no sentences to learn from.',
    );
    expect(() => simCse(model, { ...tinyTokens(4), tokenizer: "9".repeat(64) }, contrastive, 1)).toThrow(
      'Port "sentences" was tokenized with tokenizer 999999999999, but the model was made for 111111111111.',
    );
    expect(() => simCse(model, tinyTokens(4), { ...contrastive, maxTokens: 25 }, 1)).toThrow(
      "maxTokens is 25, but the model has positions for 24 tokens only.",
    );
    const foreign = { ...tinyTokens(2), ids: raggedFrom([[5, 60], [7]]) };
    expect(() => simCse(model, foreign, contrastive, 1)).toThrow(
      'Port "sentences" has token id 60, but the model knows 60 only.',
    );
  });
});

/** Three sentences of one word each. */
const threeFrom = (word: number) => ({ ...tinyTokens(0), ids: raggedFrom([[word], [word + 1], [word + 2]]) });

describe("simCse with partners", () => {
  const [sentences, positives, negatives] = [threeFrom(10), threeFrom(20), threeFrom(30)] as const;
  const method = (options: Partial<Parameters<typeof simCse>[2]>, partners: Parameters<typeof simCse>[4]) =>
    simCse(model, sentences, { ...contrastive, ...options }, 1, partners);

  it("lays sentences, positives and hard negatives one after the other, row by row", () => {
    const words = rowsOf(wholeBatch(method({}, { positives, negatives }))).map((row) => row[1]!);
    expect(words.length).toBe(9);
    for (const i of [0, 1, 2]) expect([words[3 + i]! - words[i]!, words[6 + i]! - words[i]!]).toEqual([10, 20]);
    expect(rowsOf(wholeBatch(method({}, { negatives }))).map((row) => row[1]! - 10)).toEqual(
      expect.arrayContaining([0, 1, 2, 20, 21, 22]),
    );
  });

  it("says what its loss is at a collapse", () => {
    expect(method({}, { positives }).collapsedLoss).toBeCloseTo(Math.log(3), 12);
    const weighted = method({ hardNegativeWeight: Math.log(2) }, { negatives });
    expect(weighted.collapsedLoss).toBeCloseTo(Math.log(3 + 2 + 2), 12);
  });

  it("has masked words as further parts, with the weight of their term, and drops their head", () => {
    const parts = method({ mlmWeight: 0.1, microBatchTokens: 12 }, { negatives }).parts(0);
    const weights = parts.map(({ weight = 1 }) => weight);
    expect(weights.slice(0, -1)).toEqual(weights.slice(0, -1).map(() => 0.1));
    expect(weights.at(-1)).toBe(1);
    const shares = parts.slice(0, -1).reduce((sum, { share }) => sum + share, 0);
    expect(shares).toBeCloseTo(1, 12);
    expect(parts.at(-1)).toHaveProperty("pieces");
    expect(method({ mlmWeight: 0.1 }, {}).start.has("cls.predictions.bias")).toBe(true);
    expect(method({}, {}).start.has("cls.predictions.bias")).toBe(false);
  });

  it("names ports that do not fit before the first update", () => {
    const two = { ...positives, ids: raggedFrom([[5], [6]]) };
    expect(() => method({}, { positives: two })).toThrow(
      'Port "positives" has 2 sentences, but port "sentences" has 3: row by row they belong together.',
    );
    expect(() => method({}, { negatives: { ...negatives, tokenizer: "9".repeat(64) } })).toThrow(
      'Port "negatives" was tokenized with tokenizer 999999999999, but the model was made for 111111111111.',
    );
    expect(() => method({ hardNegativeWeight: 1 }, { positives })).toThrow(
      'hardNegativeWeight is 1, but nothing is linked to port "negatives".',
    );
  });
});

describe("crossEncoder", () => {
  const pairs = { ...tinyPairs(2), a: raggedFrom([[10, 11], [12]]), b: raggedFrom([[20], [21, 22]]) };

  it("shows each pair in both orders with the same label", () => {
    const prepared = wholeBatch(crossEncoder(model, pairs, tinyScores(2), cross, 1));
    const byRow = new Map(rowsOf(prepared).map((row, i) => [row.join(" "), prepared.feeds["labels"]![i]]));
    const [high, low] = tinyScores(2).values;
    expect(Object.fromEntries(byRow)).toEqual({
      "2 10 11 3 20 3": high,
      "2 20 3 10 11 3": high,
      "2 12 3 21 22 3": low,
      "2 21 22 3 12 3": low,
    });
    expect(
      rowsOf(wholeBatch(crossEncoder(model, pairs, tinyScores(2), { ...cross, bothOrders: false }, 1))).length,
    ).toBe(2);
  });

  it("cuts long pairs, the longer side first", () => {
    const long = { ...tinyPairs(1), a: raggedFrom([[10, 11, 12, 13, 14]]), b: raggedFrom([[20, 21]]) };
    const method = crossEncoder(model, long, tinyScores(1), { ...cross, maxTokens: 7, bothOrders: false }, 1);
    expect(rowsOf(wholeBatch(method))).toEqual([[2, 10, 11, 3, 20, 21, 3]]);
  });

  it("takes, clamps or maps cosines", () => {
    const scores = { ...tinyScores(0), range: "cosine" as const, values: Float32Array.of(-0.5, 0.5) };
    expect([...labelsOf(scores, "cosine-raw")]).toEqual([-0.5, 0.5]);
    expect([...labelsOf(scores, "clamp")]).toEqual([0, 0.5]);
    expect([...labelsOf(scores, "affine")]).toEqual([0.25, 0.75]);
    expect([...labelsOf({ ...scores, range: "probability", values: Float32Array.of(0.5) }, "affine")]).toEqual([0.5]);
  });

  it("keeps a pooler that came with the model, and makes the rest of the head anew", () => {
    const pooler = { shape: [16, 16], values: new Float32Array(256).fill(0.5) };
    const withPooler = { ...model, weights: new Map([...model.weights, ["pooler.dense.weight", pooler]]) };
    const { start } = crossEncoder(withPooler, pairs, tinyScores(2), cross, 1);
    expect(start.get("pooler.dense.weight")).toBe(pooler);
    expect(start.get("classifier.weight")!.values.some((value) => value !== 0)).toBe(true);
  });

  it("refuses scores of other pairs and of another number", () => {
    expect(() => crossEncoder(model, pairs, { ...tinyScores(2), pairs: "7".repeat(64) }, cross, 1)).toThrow(
      'The scores on port "scores" belong to pairs 777777777777, but port "pairs" has 222222222222.',
    );
    expect(() => crossEncoder(model, pairs, tinyScores(3), cross, 1)).toThrow(
      'Port "scores" has 3 scores for 2 pairs.',
    );
  });
});

describe("biEncoder", () => {
  it("lays the left sides of a batch before the right ones, one order only", () => {
    const pairs = { ...tinyPairs(2), a: raggedFrom([[10], [12]]), b: raggedFrom([[20], [22]]) };
    const prepared = wholeBatch(biEncoder(model, pairs, tinyScores(2), "mean", tinyOptions, 1));
    const [first, second, third, fourth] = rowsOf(prepared).map((row) => row[1]!);
    expect([third! - first!, fourth! - second!]).toEqual([10, 10]);
    expect(prepared.feeds["labels"]!.length).toBe(2);
  });
});

describe("maskTokens", () => {
  const ids = Int32Array.from({ length: 4002 }, (_, i) => (i === 0 ? special.cls : i === 4001 ? special.sep : 30));
  const { ids: masked, positions } = maskTokens(ids, special, 60, 0.15, streamKey(1, "test", "mask"));

  const share = (test: (id: number) => boolean) => positions.filter((p) => test(masked[p]!)).length / positions.length;

  it("chooses 15 % of the words, never a special token", () => {
    expect(positions.length / 4000).toBeCloseTo(0.15, 1);
    expect(positions).not.toContain(0);
    expect(positions).not.toContain(4001);
    expect(masked.every((id, i) => id === ids[i] || positions.includes(i))).toBe(true);
  });

  it("masks 80 % of them, replaces 10 %, keeps 10 %", () => {
    expect(share((id) => id === special.mask)).toBeCloseTo(0.8, 1);
    expect(share((id) => id === 30)).toBeCloseTo(0.1, 1);
  });
});

describe("maskedLanguageModel", () => {
  it("guesses the true words at the masked positions, and always at least one", () => {
    for (const maskRatio of [0.3, 1e-9]) {
      const { encodings, feeds } = wholeBatch(
        maskedLanguageModel(model, tinyTokens(8), { ...tinyOptions, maskRatio }, 1),
      );
      const [{ batch }] = encodings;
      const weights = feeds["mlm.weights"]!;
      const guessed = Array.from(weights).reduce((a, b) => a + b);
      expect(guessed).toBeGreaterThan(0);
      for (let i = 0; i < guessed; i++) {
        expect(feeds["mlm.targets"]![i]).toBeGreaterThan(special.mask);
        expect(batch.positions[feeds["mlm.tokens"]![i]!]).toBeGreaterThan(0);
      }
    }
  });

  it("leaves out sentences without a word", () => {
    const empty = { ...tinyTokens(0), ids: raggedFrom([[], []]) };
    expect(() => maskedLanguageModel(model, empty, { ...tinyOptions, maskRatio: 0.15 }, 1)).toThrow(
      'Every sentence on port "sentences" is empty.',
    );
  });
});
