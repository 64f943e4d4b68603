import { expect, it } from "vitest";
import type { Backbone } from "../../../src/nn/EncoderModel.ts";
import { embeddingTables, initializeWeights, parameterSpecs } from "../../../src/nn/parameters.ts";
import { raggedFrom } from "../../../src/nn/Ragged.ts";
import { generateSentences } from "../../../src/text/generateCorpus.ts";
import { withWordVectors } from "../../../src/training/wordVectors/withWordVectors.ts";

const texts = generateSentences(1, "train", 6000).map((text) => text.toLowerCase().replace(/[.,]/g, "").split(" "));
const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...new Set(texts.flat())];
const idOf = new Map(words.map((word, id) => [word, id]));
const special = { pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 };

const config = {
  architecture: "bert",
  vocabSize: words.length,
  hiddenSize: 32,
  layers: 2,
  heads: 2,
  intermediateSize: 64,
  maxPositions: 32,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
} as const;
const model: Backbone = {
  kind: "backbone",
  config,
  special,
  tokenizer: "t",
  weights: initializeWeights(parameterSpecs(config), 1),
};
const sentences = { tokenizer: "t", ids: raggedFrom(texts.map((text) => text.map((word) => idOf.get(word)!))) };
const options = { window: 5, smoothing: 0.75 };
const make = (align: boolean, seed = 1) => withWordVectors(model, sentences, { ...options, align }, seed, () => {});

const table = (weights: ReturnType<typeof make>) => weights.get(embeddingTables.word)!.values;
const row = (weights: ReturnType<typeof make>, word: string): Float32Array => {
  const id = idOf.get(word)!;
  return table(weights).slice(id * 32, (id + 1) * 32);
};
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const cosine = (a: Float32Array, b: Float32Array) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

it("brings words of one meaning together, without a label", () => {
  const weights = make(false);
  const near = [
    ["boat", "vessel"],
    ["doctor", "physician"],
    ["teacher", "tutor"],
  ].map(([a, b]) => cosine(row(weights, a!), row(weights, b!)));
  const far = [
    ["boat", "pudding"],
    ["doctor", "violin"],
    ["teacher", "cow"],
  ].map(([a, b]) => cosine(row(weights, a!), row(weights, b!)));
  expect(Math.min(...near)).toBeGreaterThan(Math.max(...far) + 0.2);
});

it("changes nothing but the rows of words it saw", () => {
  const weights = make(false);
  const before = model.weights.get(embeddingTables.word)!.values;
  expect(table(weights).slice(0, 5 * 32)).toEqual(before.slice(0, 5 * 32));
  for (const [name, { values }] of model.weights) {
    if (name !== embeddingTables.word) expect(weights.get(name)!.values).toEqual(values);
  }
});

it("is the same for the same seed, and turned for another", () => {
  expect(table(make(false))).toEqual(table(make(false)));
  expect(cosine(row(make(false), "boat"), row(make(false, 2), "boat"))).toBeLessThan(0.9);
});

type Segment = 0 | 1;
/** What the first layer is given for a token: word and segment, normalised. */
function inputOf(weights: ReturnType<typeof make>, word: string, segment: Segment): Float32Array {
  const types = weights.get(embeddingTables.type)!.values;
  const sum = row(weights, word).map((value, d) => value + types[segment * 32 + d]!);
  const mean = sum.reduce((total, value) => total + value, 0) / 32;
  const deviation = Math.sqrt(sum.reduce((total, value) => total + (value - mean) ** 2, 0) / 32);
  return sum.map((value) => (value - mean) / deviation);
}

function project(weights: ReturnType<typeof make>, name: string, x: Float32Array): Float32Array {
  const matrix = weights.get(`encoder.layer.0.attention.self.${name}.weight`)!.values;
  const bias = weights.get(`encoder.layer.0.attention.self.${name}.bias`)!.values;
  return bias.map((value, out) => value + dot(matrix.slice(out * 32, (out + 1) * 32), x));
}

it("makes a token look for its like in the other sentence, else at [SEP], when aligning", () => {
  const weights = make(true);
  /** Mean over the two heads of the attention logit that `to` gets from `from` in the first sentence. */
  const logit = (from: string, to: string, segment: Segment): number =>
    dot(project(weights, "query", inputOf(weights, from, 0)), project(weights, "key", inputOf(weights, to, segment))) /
    (2 * Math.sqrt(16));
  const words = ["boat", "doctor", "teacher", "guitar", "car", "farmer"];
  const mean = (logits: (word: string, i: number) => number): number =>
    words.map(logits).reduce((sum, value) => sum + value / words.length, 0);
  const same = mean((word) => logit(word, word, 1));
  const sameHere = mean((word) => logit(word, word, 0));
  const unlike = mean((word, i) => logit(word, words[(i + 1) % words.length]!, 1));
  const sink = mean((word) => logit(word, "[SEP]", 1));
  expect(same).toBeGreaterThan(sameHere + 0.5);
  expect(same).toBeGreaterThan(unlike + 1);
  expect(sink).toBeGreaterThan(unlike + 1);
});

const given = (change: object) => () =>
  withWordVectors(model, { ...sentences, ...change }, { ...options, align: false }, 1, () => {});

it("names ids of another tokenizer and empty data", () => {
  expect(given({ tokenizer: "other" })).toThrow('Port "sentences" was tokenized with tokenizer other');
  expect(given({ ids: raggedFrom([]) })).toThrow('Port "sentences" has no sentences to learn from.');
  expect(given({ ids: raggedFrom([[1e6]]) })).toThrow('Port "sentences" has token id 1000000');
});
