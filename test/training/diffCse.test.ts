import { afterAll, describe, expect, it } from "vitest";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { drawn } from "../../src/training/editedSentences.ts";
import type { Backbone, ModelConfig } from "../../src/nn/EncoderModel.ts";
import { diffCse, type DiffCseOptions } from "../../src/training/methods/diffCse.ts";
import { train } from "../../src/training/train.ts";
import { preparedBatch, sequencesOf } from "../kit/stepGradients.ts";
import { wholePart } from "../kit/wholeBatch.ts";
import { special, tinyBackbone, tinyConfig, tinyGenerator, tinyOptions, tinyTokens } from "./tinyModel.ts";

const engine = new OnnxEngine({ threads: 1, maxSessions: 64 });
afterAll(() => engine.close());
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };

const model = tinyBackbone();
const generatorOf = (config: Partial<ModelConfig> = {}): Backbone =>
  tinyGenerator({ ...tinyConfig, layers: 1, ...config });

const options: DiffCseOptions = {
  ...tinyOptions,
  maxSteps: 12,
  epochs: 12,
  temperature: 0.05,
  pooling: "cls",
  projector: "batch-norm",
  beforeProjector: false,
  maskRatio: 0.3,
  generatorDropout: true,
  words: "argmax",
  positions: "all",
  reduction: "mean",
  detectionWeight: 0.05,
};
const methodOf = (more: Partial<DiffCseOptions> = {}, generator = generatorOf()) =>
  diffCse(model, generator, tinyTokens(8), { ...options, ...more }, 3);

/** What the generator is asked in the first update. */
const before = (more: Partial<DiffCseOptions>) => wholePart(methodOf(more)).before!();

/** What the encoder and the discriminator get in the first update. */
async function firstBatch(more: Partial<DiffCseOptions> = {}) {
  const { encodings, feeds } = await preparedBatch(methodOf(more), engine);
  const [{ batch: sentences }, other] = encodings;
  const edited = other!.batch;
  const replaced = sequencesOf(edited).map((_, row) =>
    feeds["detection.replaced"]!.slice(edited.firstToken[row]!, edited.firstToken[row]! + edited.lengths[row]!),
  );
  const ids = { views: sequencesOf(sentences), edited: sequencesOf(edited) };
  return { ...ids, replaced, weights: feeds["detection.weights"]!, realTokens: edited.realTokens, feeds };
}

describe("diffCse", () => {
  it("shows both views, and the discriminator rows as long as the longest with id 0 as padding, nowhere labelled", async () => {
    const { views, edited, replaced, weights, realTokens } = await firstBatch();
    expect(views).toHaveLength(16);
    expect(views.slice(0, 8)).toEqual(views.slice(8));
    const longest = Math.max(...views.map(({ ids }) => ids.length));
    expect(new Set(edited.map(({ ids }) => ids.length))).toEqual(new Set([longest]));
    expect(views.some(({ ids }) => ids.length < longest)).toBe(true);
    edited.forEach(({ ids }, row) => {
      const own = views[row]!.ids;
      expect(ids[0]).toBe(special.cls);
      expect([...ids.subarray(own.length)].every((id) => id === 0)).toBe(true);
      replaced[row]!.forEach((label, at) => expect(label).toBe(at < own.length && ids[at] !== own[at] ? 1 : 0));
    });
    // The code's mean counts every position, padding and [CLS] included.
    expect(realTokens).toBe(16 * longest);
    expect(Array.from(weights).reduce((sum, each) => sum + each, 0)).toBe(16 * longest);
  });

  it("hides other words of each view from the generator, which drops out as in training or not", async () => {
    const hidden = sequencesOf(before({}).encodings[0]!.batch);
    expect(hidden.slice(0, 8)).not.toEqual(hidden.slice(8));
    const masks = (more: Partial<DiffCseOptions>) =>
      Object.keys(before(more).feeds).filter((name) => name.includes("dropout")).length;
    expect(masks({})).toBeGreaterThan(0);
    expect(masks({ generatorDropout: false })).toBe(0);
  });

  it("in the paper's form exchanges hidden words alone and counts tokens alone", async () => {
    const paper = { words: "sample", positions: "tokens", reduction: "sum" } as const;
    const { views, edited, replaced, realTokens } = await firstBatch(paper);
    expect(edited.map(({ ids }) => ids.length)).toEqual(views.map(({ ids }) => ids.length));
    expect(realTokens).toBe(views.reduce((sum, { ids }) => sum + ids.length, 0));
    const share = replaced.flatMap((labels) => [...labels]).reduce((sum, each) => sum + each, 0) / realTokens;
    // Of 30 % hidden words all but those that were drawn again; two tokens of a row are never hidden.
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.35);
    for (const row of views.keys()) {
      expect(replaced[row]![0]).toBe(0);
      expect(replaced[row]!.at(-1)).toBe(0);
    }
    expect((await firstBatch(paper)).edited).toEqual(edited);
    expect((await firstBatch({ ...paper, maskRatio: 0.8 })).edited).not.toEqual(edited);
  });

  it.each([
    ["as the code", {}],
    ["as the paper", { words: "sample", positions: "tokens", reduction: "sum", detectionWeight: 1e-3 }],
    ["with the embedding before the projector", { beforeProjector: true }],
    ["with tanh", { projector: "tanh" }],
    ["with the mean and no projector", { projector: "none", pooling: "mean" }],
  ] as ReadonlyArray<readonly [string, Partial<DiffCseOptions>]>)("learns %s", async (_, more) => {
    const method = methodOf(more);
    const { weights, curve } = await train(method, engine, { ...options, ...more }, quiet);
    const { loss, contrastiveLoss, detectionLoss, replaced, alignment, uniformity } = curve.series;
    for (const series of [alignment, uniformity]) expect(series).toHaveLength(12);
    expect(contrastiveLoss!.at(-1)!).toBeLessThan(contrastiveLoss![0]!);
    loss!.forEach((value, i) => {
      const sum = contrastiveLoss![i]! + (more.detectionWeight ?? options.detectionWeight) * detectionLoss![i]!;
      expect(value).toBeCloseTo(sum, 5);
    });
    expect(Math.min(...replaced!)).toBeGreaterThan(0);
    // Encoder and discriminator start alike and part; what is frozen is no part of the result.
    const word = "encoder.layer.0.output.dense.weight";
    expect(method.start.get(`discriminator.${word}`)).toEqual(method.start.get(word));
    expect(weights.get(`discriminator.${word}`)!.values).not.toEqual(weights.get(word)!.values);
    expect([...weights.keys()].filter((name) => name.startsWith("generator."))).toEqual([]);
  });

  it("takes a generator of another architecture", async () => {
    const distil = generatorOf({ architecture: "distilbert", typeVocabSize: 0, activation: "relu" });
    const { curve } = await train(methodOf({ maxSteps: 2 }, distil), engine, { ...options, maxSteps: 2 }, quiet);
    expect(Math.min(...curve.series["replaced"]!)).toBeGreaterThan(0);
  });

  it("refuses a generator that cannot edit what the model reads, by name", () => {
    const other = { ...generatorOf(), tokenizer: "9".repeat(64) };
    expect(() => methodOf({}, other)).toThrow(
      'Port "generator" has a model of another vocabulary (tokenizer 999999999999, 60 words) than port "model" (111111111111, 60 words): the words it puts in would mean others.',
    );
    expect(() => methodOf({}, generatorOf({ vocabSize: 61 }))).toThrow(/another vocabulary/);
    expect(() => methodOf({}, tinyBackbone())).toThrow(
      'Port "generator" has a model without a head that guesses words.',
    );
    expect(() => methodOf({}, generatorOf({ maxPositions: 8 }))).toThrow(
      "maxTokens is 16, but the generator has positions for 8 tokens only.",
    );
    expect(() => methodOf({ maxTokens: 100 })).toThrow(/positions for 24 tokens only/);
  });
});

describe("drawn", () => {
  it("takes words by their probabilities", () => {
    const logits = Float32Array.of(Math.log(1), Math.log(2), Number.NEGATIVE_INFINITY, Math.log(5));
    expect([0, 0.124, 0.126, 0.374, 0.376, 0.999].map((share) => drawn(logits, share))).toEqual([0, 0, 1, 1, 3, 3]);
  });
});
