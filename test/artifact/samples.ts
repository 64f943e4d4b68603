/** Tiny values of every artifact type. */
import type {
  Comparison,
  Decision,
  Backbone,
  BiEncoder,
  CrossEncoder,
  Embeddings,
  Figure,
  Gold,
  Metrics,
  ModelConfig,
  Pairs,
  Scores,
  Sentences,
  Tokenizer,
  TokenPairs,
  Tokens,
  TrainingCurve,
} from "../../src/artifact/index.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";

const special = { pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 };
const config: ModelConfig = {
  architecture: "bert",
  vocabSize: 6,
  hiddenSize: 2,
  layers: 1,
  heads: 1,
  intermediateSize: 4,
  maxPositions: 8,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
};
const weights = new Map([
  ["embeddings.word_embeddings.weight", { shape: [6, 2], values: Float32Array.from({ length: 12 }, (_, i) => i / 8) }],
  ["embeddings.LayerNorm.bias", { shape: [2], values: Float32Array.of(-1.5, 0) }],
]);
const model = { config, weights, tokenizer: "t".repeat(64), special };

export interface Samples {
  readonly Sentences: Sentences;
  readonly Pairs: Pairs;
  readonly Gold: Gold;
  readonly Tokens: Tokens;
  readonly TokenPairs: TokenPairs;
  readonly Scores: Scores;
  readonly Tokenizer: Tokenizer;
  readonly Backbone: Backbone;
  readonly BiEncoder: BiEncoder;
  readonly CrossEncoder: CrossEncoder;
  readonly Embeddings: Embeddings;
  readonly Metrics: Metrics;
  readonly TrainingCurve: TrainingCurve;
  readonly Comparison: Comparison;
  readonly Figure: Figure;
  readonly Decision: Decision;
}

export const samples: Samples = {
  Sentences: { texts: ["A cat sleeps.", "", "naïve 🙂 猫"] },
  Pairs: { a: ["one", "two"], b: ["eins", "zwei"] },
  Gold: { pairs: "p".repeat(64), scores: Float64Array.of(0.1, 5), sets: ["sts12", "sts13"] },
  Tokens: { tokenizer: "t".repeat(64), special, ids: raggedFrom([[5, 6, 7], [], [8]]) },
  TokenPairs: {
    tokenizer: "t".repeat(64),
    pairs: "p".repeat(64),
    special,
    a: raggedFrom([[5], [6, 7]]),
    b: raggedFrom([[], [8]]),
  },
  Scores: { pairs: "p".repeat(64), range: "cosine", values: Float32Array.of(-0.25, 1) },
  Tokenizer: {
    json: {
      added_tokens: [],
      decoder: null,
      model: { type: "WordPiece", vocab: { "[PAD]": 0, toString: 1, "##s": 2 } },
      normalizer: null,
      pre_tokenizer: { type: "BertPreTokenizer" },
    },
    special,
  },
  Backbone: { kind: "backbone", ...model },
  BiEncoder: { kind: "bi-encoder", ...model, pooling: "mean", normalize: true, maxTokens: 8 },
  CrossEncoder: { kind: "cross-encoder", ...model, maxTokens: 8 },
  Embeddings: { dimension: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  Metrics: {
    rows: [
      { name: "sts12", value: 72.59 },
      { name: "average", value: 72.59 },
    ],
  },
  TrainingCurve: {
    step: Int32Array.of(1, 10),
    series: { learningRate: Float32Array.of(0, 1e-5), loss: Float32Array.of(2.5, NaN) },
  },
  Comparison: {
    methods: ["simcse", "whiten"],
    columns: [
      { name: "average", values: Float64Array.of(62.5, 55.25) },
      { name: "average.sd", values: Float64Array.of(0.5, NaN) },
    ],
  },
  Figure: { svg: '<svg xmlns="http://www.w3.org/2000/svg"/>' },
  Decision: { cycle: 3, value: 71.5, best: 72.25, bestCycle: 2, stops: true },
};
