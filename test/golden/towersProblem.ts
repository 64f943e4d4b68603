/**
 * Trainings of several encoders written down for PyTorch, as trainingProblem.ts does it for those of one: what record_towers.py
 * needs to do the same, made from our own methods. Dropout is off.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Backbone, ModelConfig } from "../../src/nn/EncoderModel.ts";
import { firstPosition, parameterSpecs } from "../../src/nn/parameters.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import { sizeOf } from "../../src/nn/TensorSpec.ts";
import type { Float32Tensor, Weights } from "../../src/nn/Weights.ts";
import type { Method, ReadyProgram } from "../../src/training/Method.ts";
import { contrastiveTension } from "../../src/training/methods/contrastiveTension.ts";
import { diffCse } from "../../src/training/methods/diffCse.ts";
import type { TrainingOptions } from "../../src/training/options.ts";
import { scheduleOf } from "../../src/training/schedule.ts";
import { tensionOptions } from "../../src/training/tensionForms.ts";
import { numbers } from "../kit/engineRig.ts";
import { sequencesOf } from "../kit/stepGradients.ts";
import { wholeBatch, wholePart } from "../kit/wholeBatch.ts";
import type { TrainingRecord } from "./trainingProblem.ts";

export interface TowersCase {
  readonly loss: "contrastiveTension" | "inBatchContrastiveTension" | "diffCse";
  readonly method: Method;
  readonly options: TrainingOptions;
  readonly special?: typeof special;
  /** What the loss is told: reduction, similarity, temperature and so on. */
  readonly settings: { readonly [name: string]: string | number };
}

const shape: ModelConfig = {
  architecture: "bert",
  vocabSize: 60,
  hiddenSize: 16,
  layers: 1,
  heads: 2,
  intermediateSize: 32,
  maxPositions: 20,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0,
  attentionDropout: 0,
};
const special = { pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 };
const robertaSpecial = { pad: 1, unknown: 3, cls: 0, sep: 2, mask: 4 };
const tokenizer = "1".repeat(64);

/** Large enough that every layer does something, and exact on every machine. */
function modelOf(config: ModelConfig, salt: number, heads: ReadonlyArray<"mlm"> = []): Backbone {
  const weights = new Map<string, Float32Tensor>();
  parameterSpecs(config, heads).forEach(({ name, shape }, i) => {
    const [middle, width] = name.endsWith("LayerNorm.weight") ? [1, 0.25] : [0, name.endsWith("bias") ? 0.25 : 0.375];
    weights.set(name, { shape, values: numbers(sizeOf(shape), salt + i).map((value) => middle + width * value) });
  });
  return { kind: "backbone", config, weights, tokenizer, special };
}

/** 1 to 22 words, so that some rows are cut. */
const sentences = {
  tokenizer,
  special,
  ids: raggedFrom(
    Array.from({ length: 48 }, (_, row) => {
      const draws = numbers(22, 500 + row).map((value) => (value + 1) / 2);
      return Array.from(draws.subarray(0, 1 + ((row * 5) % 22)), (draw) => 5 + Math.floor(draw * 55));
    }),
  ),
};

const common = { maxTokens: 16, maxSteps: 20, epochs: 20, dropout: 0 };
const pairing = { pooling: "mean", negatives: 3, epochBatches: 20, scale: 20, similarity: "cosine" } as const;
/** Four learning rates within twenty updates. */
const rateSteps = [
  { after: 4, factor: 0.8 },
  { after: 9, factor: 0.6 },
  { after: 14, factor: 0.4 },
];

/** Every form of the methods that train several encoders. */
export function towersCases(): { readonly [name: string]: TowersCase } {
  const model = modelOf(shape, 0);
  const ofPairs = { ...pairing, ...common, batchSize: 8, learningRate: 1e-3, variant: "original" } as const;
  const code = tensionOptions({ ...ofPairs, rateSteps });
  const library = tensionOptions({ ...ofPairs, form: "library" });
  const inBatch = tensionOptions({ ...pairing, ...common, batchSize: 6, learningRate: 1e-3, variant: "in-batch", pooling: "cls" });
  const diff = {
    ...common,
    batchSize: 6,
    learningRate: 1e-3,
    warmupRatio: 0.2,
    weightDecay: 0.1,
    maxGradientNorm: 1,
    temperature: 0.2,
    pooling: "cls",
    projector: "batch-norm",
    beforeProjector: false,
    maskRatio: 0.3,
    generatorDropout: false,
    words: "argmax",
    positions: "all",
    reduction: "mean",
    detectionWeight: 0.5,
  } as const;
  const deep = modelOf({ ...shape, layers: 2 }, 0);
  const generator = modelOf({ ...shape, hiddenSize: 8, intermediateSize: 24 }, 300, ["mlm"]);
  const asRoberta = { ...shape, architecture: "roberta", typeVocabSize: 1, paddingIndex: 1 } as const;
  const roberta = modelOf(asRoberta, 0);
  const robertaGenerator = modelOf({ ...asRoberta, hiddenSize: 8, intermediateSize: 24 }, 300, ["mlm"]);
  return {
    "contrastive-tension-code": {
      loss: "contrastiveTension",
      method: contrastiveTension(model, sentences, code, 1),
      options: code,
      settings: { pooling: "mean", reduction: "mean" },
    },
    "contrastive-tension-library": {
      loss: "contrastiveTension",
      method: contrastiveTension(model, sentences, library, 1),
      options: library,
      settings: { pooling: "mean", reduction: "sum" },
    },
    "contrastive-tension-in-batch": {
      loss: "inBatchContrastiveTension",
      method: contrastiveTension(model, sentences, inBatch, 1),
      options: inBatch,
      settings: { pooling: "cls" },
    },
    diffcse: {
      loss: "diffCse",
      method: diffCse(deep, generator, sentences, diff, 1),
      options: diff,
      settings: { temperature: diff.temperature, detectionWeight: diff.detectionWeight },
    },
    "diffcse-roberta": {
      loss: "diffCse",
      method: diffCse(roberta, robertaGenerator, { ...sentences, special: robertaSpecial }, diff, 1),
      options: diff,
      settings: { temperature: diff.temperature, detectionWeight: diff.detectionWeight },
      special: robertaSpecial,
    },
  };
}

const rowsOf = ({ encodings }: ReadyProgram, encoder: number): ReadonlyArray<ReadonlyArray<number>> =>
  sequencesOf(encodings[encoder]!.batch).map(({ ids }) => Array.from(ids));

const base64 = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
const written = (weights: Weights) =>
  Object.fromEntries([...weights].map(([name, { shape, values }]) => [name, { shape, float32: base64(values) }]));

export function towersProblemOf({ loss, method, options, settings, special: { pad, cls } = special }: TowersCase) {
  const { totalSteps, learningRate, factor } = scheduleOf(options, method.stepsPerEpoch);
  return {
    loss,
    settings,
    special: { pad, cls },
    configs: { encoder: transformersConfig(method.config), generator: transformersConfig(generatorOf(method)) },
    weights: written(method.start),
    frozen: written(method.frozen ?? new Map()),
    optimizer: method.optimizer,
    rates: Array.from({ length: totalSteps }, (_, step) => learningRate * factor(step)),
    maxGradientNorm: options.maxGradientNorm,
    steps: Array.from({ length: totalSteps }, (_, step) => stepOf(method, step)),
  };
}

/** Of a method that has one, else of any. */
const generatorOf = (method: Method): ModelConfig =>
  (wholePart(method).before?.() ?? wholeBatch(method)).encodings[0]!.config;

/** Sentences by encoder; of a method with a generator the sentences and what it is shown of them. */
function stepOf(method: Method, step: number) {
  const part = wholePart(method, step);
  if (part.before !== undefined) {
    const hidden = rowsOf(part.before(), 0);
    // What the generator said is of no interest for the rows of the first encoder.
    const nobody = { said: new Float32Array(hidden.reduce((sum, { length }) => sum + length, 0) + 512) };
    return { rows: [rowsOf(part.prepare(nobody), 0), hidden] };
  }
  const prepared = part.prepare({});
  const labels = prepared.feeds["labels"];
  return { rows: [rowsOf(prepared, 0), rowsOf(prepared, 1)], ...(labels === undefined ? {} : { labels: [...labels] }) };
}

export type TowersProblem = ReturnType<typeof towersProblemOf>;

/** Names all that a record depends on. */
export const digestOfTowers = (problem: TowersProblem): string =>
  createHash("sha256").update(JSON.stringify(problem)).digest("hex");

const transformersConfig = (config: ModelConfig) => ({
  model_type: config.architecture,
  vocab_size: config.vocabSize,
  hidden_size: config.hiddenSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  intermediate_size: config.intermediateSize,
  max_position_embeddings: firstPosition(config) + config.maxPositions,
  type_vocab_size: config.typeVocabSize,
  layer_norm_eps: config.layerNormEps,
  hidden_act: config.activation,
});

/** Runs record_towers.py. @param python has torch and transformers */
export function recordTowersIn(python: string, problem: TowersProblem): TrainingRecord {
  const script = fileURLToPath(new URL("record_towers.py", import.meta.url));
  return JSON.parse(
    execFileSync(python, [script], { input: JSON.stringify(problem), maxBuffer: 1e9 }).toString(),
  ) as TrainingRecord;
}
