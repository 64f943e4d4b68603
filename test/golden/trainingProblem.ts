/**
 * Trainings written down for another program: what record_training.py needs to do the same in PyTorch. Made from our own
 * methods, so that what is compared is what stages run; dropout is off, since masks come from generators of their own.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Backbone, ModelConfig } from "../../src/nn/EncoderModel.ts";
import { parameterSpecs } from "../../src/nn/parameters.ts";
import { poolingOf } from "../../src/nn/pooling.ts";
import { raggedFrom, raggedRow } from "../../src/nn/Ragged.ts";
import { sizeOf } from "../../src/nn/TensorSpec.ts";
import type { Float32Tensor, Weights } from "../../src/nn/Weights.ts";
import type { Method, PreparedStep } from "../../src/training/Method.ts";
import { biEncoder } from "../../src/training/methods/biEncoder.ts";
import { crossEncoder } from "../../src/training/methods/crossEncoder.ts";
import { mirrorBert } from "../../src/training/methods/mirrorBert.ts";
import { simCse } from "../../src/training/methods/simCse.ts";
import type { BiEncoderLoss, CrossEncoderLoss, TrainingOptions } from "../../src/training/options.ts";
import { scheduleOf } from "../../src/training/schedule.ts";
import { numbers } from "../kit/engineRig.ts";
import { sequencesOf } from "../kit/stepGradients.ts";
import { preparedPart } from "../kit/wholeBatch.ts";

export interface TrainingCase {
  readonly method: Method;
  readonly options: TrainingOptions & {
    readonly temperature?: number;
    readonly hardNegativeWeight?: number;
    readonly mlmWeight?: number;
  };
  readonly loss:
    | "infoNce"
    | "ntXent"
    | "softBinaryCrossEntropy"
    | "softmaxOfTwo"
    | "probabilityMse"
    | "probabilityLogCosh"
    | "cosineRegression"
    | "cosineCrossEntropy"
    | "cosineLogCosh";
  readonly pooling: "cls" | "mean" | "mean-with-padding";
  readonly projection: boolean;
}

/** Settings that leave nothing out: a warm-up, decay, clipping, cut rows. */
export const trackedOptions = {
  batchSize: 12,
  learningRate: 2e-3,
  epochs: 5,
  maxSteps: 20,
  warmupRatio: 0.2,
  weightDecay: 0.1,
  maxGradientNorm: 1,
  maxTokens: 24,
  dropout: 0,
  temperature: 0.2,
};

/** Mirror-BERT's: no warm-up, a rate that stays, all parameters decay, no clipping. */
const mirrorOptions = {
  ...trackedOptions,
  learningRate: 1e-3,
  warmupRatio: 0,
  schedule: "constant",
  decayed: "all",
  maxGradientNorm: 0,
} as const;

const config: ModelConfig = {
  architecture: "bert",
  vocabSize: 80,
  hiddenSize: 24,
  layers: 2,
  heads: 4,
  intermediateSize: 48,
  maxPositions: 24,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0,
  attentionDropout: 0,
};

/** Large enough that every layer does something, and exact on every machine: no logarithm, no cosine. */
function trackedWeights(): Weights {
  const weights = new Map<string, Float32Tensor>();
  parameterSpecs(config).forEach(({ name, shape }, salt) => {
    const noise = numbers(sizeOf(shape), salt);
    const [middle, width] = name.endsWith("LayerNorm.weight") ? [1, 0.25] : [0, name.endsWith("bias") ? 0.25 : 0.375];
    weights.set(name, { shape, values: noise.map((value) => middle + width * value) });
  });
  return weights;
}

const special = { pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 };
const tokenizer = "1".repeat(64);
const pairsDigest = "2".repeat(64);
const rows = 48;

/** 0 to 27 words: some are empty, some are cut. */
const sentences = (salt: number) =>
  raggedFrom(
    Array.from({ length: rows }, (_, row) => {
      const draws = numbers(28, 1000 * salt + row).map((value) => (value + 1) / 2);
      return Array.from(draws.subarray(0, (row * 5) % 28), (draw) => 5 + Math.floor(draw * 75));
    }),
  );

/** Of longer ones two words give way to one that masks them. */
function masked(ids: Int32Array, draw: number): ReadonlyArray<number> {
  if (ids.length < 6) return [...ids];
  const start = Math.floor(draw * (ids.length - 2));
  return [...ids.subarray(0, start), special.mask, ...ids.subarray(start + 2)];
}

/** A tiny model, and every way to train that is compared. */
export function trackedCases(): { readonly [name: string]: TrainingCase } {
  const model: Backbone = { kind: "backbone", config, weights: trackedWeights(), tokenizer, special };
  const tokens = { tokenizer, special, ids: sentences(1) };
  const pairs = { tokenizer, special, pairs: pairsDigest, a: sentences(2), b: sentences(3) };
  const values = numbers(rows, 5).map((value) => (value + 1) / 2);
  const scores = { pairs: pairsDigest, range: "probability" as const, values };
  const options = trackedOptions;
  const contrastive = (pooling: "cls" | "mean", projection: boolean): TrainingCase => ({
    method: simCse(model, tokens, { ...options, pooling, projection }, 1),
    options,
    loss: "infoNce",
    pooling,
    projection,
  });
  const copies = { ...tokens, masked: (row: number, draw: number) => masked(raggedRow(tokens.ids, row), draw) };
  const padded = poolingOf({ pooling: "mean-with-padding", paddedLength: 24 });
  const mirrored = { ...mirrorOptions, form: "code", dropHead: 0, pooling: padded } as const;
  const cross = (by: CrossEncoderLoss, loss: TrainingCase["loss"]): TrainingCase => ({
    method: crossEncoder(model, pairs, scores, { ...options, loss: by, labels: "cosine-raw", bothOrders: true }, 1),
    options,
    loss,
    pooling: "cls",
    projection: false,
  });
  const bi = (by: BiEncoderLoss, loss: TrainingCase["loss"]): TrainingCase => ({
    method: biEncoder(model, pairs, scores, "mean", { ...options, loss: by }, 1),
    options,
    loss,
    pooling: "mean",
    projection: false,
  });
  const [positives, negatives] = [4, 5].map((salt) => ({ tokenizer, special, ids: sentences(salt) }));
  const supervised = { ...options, hardNegativeWeight: 0.5, mlmWeight: 0.25, maskRatio: 0.3 };
  return {
    "mirror-bert": {
      method: mirrorBert(model, copies, mirrored, 1),
      options: mirrorOptions,
      loss: "ntXent",
      pooling: "mean-with-padding",
      projection: false,
    },
    "simcse-cls": contrastive("cls", true),
    "simcse-mean": contrastive("mean", false),
    "simcse-supervised": {
      method: simCse(model, tokens, { ...supervised, pooling: "cls" }, 1, { positives, negatives }),
      options: supervised,
      loss: "infoNce",
      pooling: "cls",
      projection: true,
    },
    "cross-encoder": cross("bce", "softBinaryCrossEntropy"),
    "cross-encoder-softmax": cross("softmax", "softmaxOfTwo"),
    "cross-encoder-mse": cross("mse", "probabilityMse"),
    "cross-encoder-log-cosh": cross("log-cosh", "probabilityLogCosh"),
    "bi-encoder": bi("mse", "cosineRegression"),
    "bi-encoder-bce": bi("bce", "cosineCrossEntropy"),
    "bi-encoder-log-cosh": bi("log-cosh", "cosineLogCosh"),
  };
}

/** Rows with masks, and the words behind these as [row, position, word]; nothing where a method guesses none. */
function wordsOf([words, ...others]: ReturnType<Method["parts"]>) {
  if (others.length === 0) return {};
  const prepared = preparedPart(words!);
  const { tokenExample, positions } = prepared.encodings[0].batch;
  const [tokens, targets, weights] = ["tokens", "targets", "weights"].map((name) => prepared.feeds[`mlm.${name}`]!);
  const guessed = [...weights!.keys()]
    .filter((i) => weights![i] === 1)
    .map((i) => [tokenExample[tokens![i]!]!, positions[tokens![i]!]!, targets![i]!] as const);
  return { words: { rows: rowsOf(prepared), guessed } };
}

const rowsOf = ({ encodings: [{ batch }] }: PreparedStep) =>
  sequencesOf(batch).map(({ ids, types }) => ({ ids: [...ids], types: [...types] }));

const base64 = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");

export const floatsOf = (text: string): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);

export interface ProblemOptions {
  /** Where the encoder's weights are, when they are not in the problem. */
  readonly folder?: string;
  /** The record ends with the last weights. */
  readonly keepsWeights?: boolean;
  /** Updates computed in float64 too; default all. */
  readonly float64Updates?: number;
}

export function problemOf(
  { method, options, loss, pooling, projection }: TrainingCase,
  { folder, keepsWeights = true, float64Updates }: ProblemOptions = {},
) {
  const { config, start, optimizer } = method;
  const schedule = scheduleOf(options, method.stepsPerEpoch);
  const inFolder = new Set(folder === undefined ? [] : parameterSpecs(config).map(({ name }) => name));
  const given = [...start].filter(([name]) => !inFolder.has(name));
  return {
    loss,
    pooling,
    projection,
    temperature: options.temperature ?? 0,
    ...(options.hardNegativeWeight === undefined ? {} : { hardNegativeWeight: options.hardNegativeWeight }),
    ...(options.mlmWeight === undefined ? {} : { mlmWeight: options.mlmWeight }),
    ...(folder === undefined ? { config: transformersConfig(config) } : { folder }),
    weights: Object.fromEntries(given.map(([name, { shape, values }]) => [name, { shape, float32: base64(values) }])),
    optimizer,
    schedule,
    // Where they are those of the first trainings recorded, they are left out: their records name them by a digest.
    ...(options.schedule === undefined ? {} : { scheduleName: options.schedule }),
    ...(options.decayed === undefined ? {} : { decayed: options.decayed }),
    maxGradientNorm: options.maxGradientNorm,
    keepsWeights,
    ...(float64Updates === undefined ? {} : { float64Updates }),
    steps: Array.from({ length: schedule.totalSteps }, (_, step) => {
      const parts = method.parts(step);
      const prepared = preparedPart(parts.at(-1)!);
      const labels = prepared.feeds["labels"];
      return { rows: rowsOf(prepared), ...(labels === undefined ? {} : { labels: [...labels] }), ...wordsOf(parts) };
    }),
  };
}

export type TrainingProblem = ReturnType<typeof problemOf>;

/** Names all that a record depends on. */
export const digestOfProblem = (problem: TrainingProblem): string =>
  createHash("sha256").update(JSON.stringify(problem)).digest("hex");

const transformersConfig = (config: ModelConfig) => ({
  vocab_size: config.vocabSize,
  hidden_size: config.hiddenSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  intermediate_size: config.intermediateSize,
  max_position_embeddings: config.maxPositions,
  type_vocab_size: config.typeVocabSize,
  layer_norm_eps: config.layerNormEps,
  hidden_act: config.activation,
});

/** Runs record_training.py. @param python has torch and transformers */
export function recordIn(python: string, problem: TrainingProblem): TrainingRecord {
  const script = fileURLToPath(new URL("record_training.py", import.meta.url));
  const said = execFileSync(python, [script], { input: JSON.stringify(problem), maxBuffer: 1e9 });
  return JSON.parse(said.toString()) as TrainingRecord;
}

/** What record_training.py says. */
export interface TrainingRecord {
  readonly madeBy: string;
  readonly losses: ReadonlyArray<number>;
  readonly losses64: ReadonlyArray<number>;
  readonly gradientNorms: ReadonlyArray<number>;
  readonly gradientNorms64: ReadonlyArray<number>;
  /** Of the first update, computed in float64. */
  readonly gradients: { readonly [name: string]: string };
  /** Relative errors of PyTorch's own float32 gradients. */
  readonly errorsOfFloat32: { readonly [name: string]: number };
  readonly weights?: { readonly [name: string]: string };
}
