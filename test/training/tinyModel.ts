/** A model small enough for every test, with ids that mean something: sentences of a topic share words. */
import type { Backbone, EncoderModel, ModelConfig } from "../../src/nn/EncoderModel.ts";
import { initializeWeights, parameterSpecs } from "../../src/nn/parameters.ts";
import { randomKey, uniformAt } from "../../src/nn/random.ts";
import type { Method } from "../../src/training/Method.ts";
import { biEncoder } from "../../src/training/methods/biEncoder.ts";
import { contrastiveTension } from "../../src/training/methods/contrastiveTension.ts";
import { crossEncoder } from "../../src/training/methods/crossEncoder.ts";
import { labelledTexts, type LabelSettings } from "../../src/training/labelledTexts.ts";
import { mirrorBert } from "../../src/training/methods/mirrorBert.ts";
import { diffCse } from "../../src/training/methods/diffCse.ts";
import { maskedLanguageModel } from "../../src/training/methods/maskedLanguageModel.ts";
import { sbert } from "../../src/training/methods/sbert.ts";
import { simBert } from "../../src/training/methods/simBert.ts";
import { simCse } from "../../src/training/methods/simCse.ts";
import type { TrainingOptions } from "../../src/training/options.ts";
import { type Ragged, raggedFrom, raggedRow } from "../../src/nn/Ragged.ts";

export const tinyConfig: ModelConfig = {
  architecture: "bert",
  vocabSize: 60,
  hiddenSize: 16,
  layers: 2,
  heads: 2,
  intermediateSize: 32,
  maxPositions: 24,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
};

export const special = { pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 };
export const tokenizer = "1".repeat(64);
export const pairsDigest = "2".repeat(64);

export function tinyBackbone(config: Partial<ModelConfig> = {}, seed = 5): Backbone {
  const whole = { ...tinyConfig, ...config };
  return {
    kind: "backbone",
    config: whole,
    weights: initializeWeights(parameterSpecs(whole), seed),
    tokenizer,
    special,
  };
}

/** A model that guesses words, half as wide. */
export function tinyGenerator(config: ModelConfig = tinyConfig): Backbone {
  const half = { ...config, hiddenSize: config.hiddenSize / 2, intermediateSize: config.intermediateSize / 2 };
  const weights = initializeWeights(parameterSpecs(half, ["mlm"]), 8);
  return { kind: "backbone", config: half, weights, tokenizer, special };
}

/** Sentences of 3 to 9 words, each from one of five topics of eleven words. */
export function topicSentences(count: number, site = "sentences"): Ragged {
  const key = randomKey(site, count);
  return raggedFrom(
    Array.from({ length: count }, (_, row) => {
      const length = 3 + Math.floor(7 * uniformAt(key, 100 * row));
      return Array.from({ length }, (_, i) => 5 + 11 * (row % 5) + Math.floor(11 * uniformAt(key, 100 * row + i + 1)));
    }),
  );
}

export const tinyTokens = (count: number) => ({ tokenizer, special, ids: topicSentences(count) });

/** The same with copies in which a word is masked. */
export function tinyCopies(count: number) {
  const tokens = tinyTokens(count);
  const masked = (row: number, draw: number): Int32Array => {
    const ids = raggedRow(tokens.ids, row).slice();
    ids[Math.floor(draw * ids.length)] = special.mask;
    return ids;
  };
  return { ...tokens, masked };
}

export const tinyMirror = {
  temperature: 0.05,
  form: "code",
  dropHead: 0,
  pooling: { kind: "mean-with-padding", paddedLength: 12 },
} as const;

/** Pair i joins a sentence of topic i mod 5 with one of topic i mod 3: alike where the topics are equal. */
export function tinyPairs(count: number) {
  const a = topicSentences(count, "a");
  const b = topicSentences(count, "b");
  return { tokenizer, special, pairs: pairsDigest, a, b };
}

/** Scores that a model can learn: 1 where the first words are near in number, else less. */
export const tinyScores = (count: number, range: "cosine" | "probability" = "probability") => ({
  pairs: pairsDigest,
  range,
  values: Float32Array.from({ length: count }, (_, row) => (row % 2 === 0 ? 0.9 : 0.2)),
});

/** Classes 0 to 2 by default, in turn. */
export const tinyGold = (count: number, labels = [0, 1, 2]) => ({
  pairs: pairsDigest,
  scores: Float64Array.from({ length: count }, (_, row) => labels[row % labels.length]!),
  sets: Array.from({ length: count }, () => "tiny"),
});

/** What `train-sbert` has beside what all trainings have; nothing of the classifier is left out. */
export const tinyLabelSettings: LabelSettings = {
  objective: "softmax",
  concatenation: "u,v,|u-v|",
  classifierSize: 12,
  classifierDropout: 0.3,
  focalGamma: 2,
  focalAlpha: 0.5,
  highestScore: 5,
  margin: 1,
  maxTokens: 16,
};

export const tinyLabelledPairs = (model: EncoderModel, count: number, settings: Partial<LabelSettings> = {}) =>
  labelledTexts(model, { pairs: tinyPairs(count), gold: tinyGold(count) }, { ...tinyLabelSettings, ...settings });

/** Groups of two and three, in turn. */
export function tinyGroups(count: number) {
  const members = Array.from({ length: count }, (_, group) => 2 + (group % 2));
  const groups = Int32Array.from(members.flatMap((size, group) => Array.from({ length: size }, () => group)));
  return { special, ids: topicSentences(groups.length, "groups"), groups };
}

export const tinyOptions = {
  batchSize: 8,
  learningRate: 1e-3,
  epochs: 1,
  warmupRatio: 0,
  weightDecay: 0.01,
  maxGradientNorm: 1,
  maxTokens: 16,
};

/**
 * The gradient of a key's bias is 0 but for rounding, which Adam makes into steps of either sign; so is that of a shift of all of
 * a batch's embeddings, where batch norm takes their mean away.
 */
export const isWithoutEffect = (method: string, parameter: string): boolean =>
  parameter.endsWith("attention.self.key.bias") ||
  (method === "train-diffcse" && parameter === `encoder.layer.${tinyConfig.layers - 1}.output.LayerNorm.bias`);

/** Every way to train, by the name of its stage first. */
export function makeMethods(
  model = tinyBackbone(),
  options: TrainingOptions = tinyOptions,
): {
  readonly [name: string]: (seed: number, rows: number) => Method;
} {
  return {
    "train-simcse": (seed, rows) =>
      simCse(model, tinyTokens(rows), { ...options, temperature: 0.05, pooling: "cls" }, seed),
    "train-mirror-bert": (seed, rows) => mirrorBert(model, tinyCopies(rows), { ...options, ...tinyMirror }, seed),
    "train-simcse with hard negatives and masked words": (seed, rows) =>
      simCse(
        model,
        tinyTokens(rows),
        { ...options, temperature: 0.05, pooling: "mean", hardNegativeWeight: 0.5, mlmWeight: 0.1, maskRatio: 0.3 },
        seed,
        { negatives: { ...tinyTokens(rows), ids: topicSentences(rows, "negatives") } },
      ),
    "train-cross-encoder": (seed, rows) =>
      crossEncoder(
        model,
        tinyPairs(rows),
        tinyScores(rows),
        { ...options, labels: "cosine-raw", bothOrders: true },
        seed,
      ),
    "train-bi-encoder": (seed, rows) => biEncoder(model, tinyPairs(rows), tinyScores(rows), "mean", options, seed),
    "train-contrastive-tension": (seed, rows) =>
      contrastiveTension(
        model,
        tinyTokens(rows),
        {
          ...options,
          variant: "original",
          pooling: "mean",
          reduction: "mean",
          negatives: 1,
          sampling: "replacement",
          epochBatches: 3,
        },
        seed,
      ),
    "train-contrastive-tension, in-batch": (seed, rows) =>
      contrastiveTension(
        model,
        tinyTokens(rows),
        { ...options, variant: "in-batch", pooling: "cls", scale: 20, similarity: "cosine" },
        seed,
      ),
    "train-diffcse": (seed, rows) =>
      diffCse(
        model,
        tinyGenerator(model.config),
        tinyTokens(rows),
        {
          ...options,
          temperature: 0.5,
          pooling: "cls",
          projector: "batch-norm",
          beforeProjector: false,
          maskRatio: 0.3,
          generatorDropout: true,
          words: "argmax",
          positions: "all",
          reduction: "mean",
          detectionWeight: 0.05,
        },
        seed,
      ),
    "train-sbert": (seed, rows) =>
      sbert(model, tinyLabelledPairs(model, rows), { ...options, pooling: "mean", towers: "apart" }, seed),
    "train-sbert with a penalty": (seed, rows) =>
      sbert(
        model,
        tinyLabelledPairs(model, rows, { objective: "regression", highestScore: 2 }),
        { ...options, pooling: "cls", towers: "shared", penalty: { epsilon: 1, form: "dense" } },
        seed,
      ),
    "train-simbert": (seed, rows) =>
      simBert(model, tinyGroups(rows), { ...options, maxTokens: Math.min(options.maxTokens, 12), scale: 30 }, seed),
    "pretrain-mlm": (seed, rows) => maskedLanguageModel(model, tinyTokens(rows), { ...options, maskRatio: 0.3 }, seed),
  };
}
