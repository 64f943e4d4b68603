/**
 * Trainings of Sentence-BERT written down for another program: what record_sbert.py needs to do the same in PyTorch. Made from our
 * own method, so that what is compared is what the stage runs; dropout is off, since masks come from generators of their own.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Backbone, ModelConfig } from "../../src/nn/EncoderModel.ts";
import { parameterSpecs } from "../../src/nn/parameters.ts";
import { poolingText } from "../../src/nn/pooling.ts";
import { type Ragged, raggedFrom } from "../../src/nn/Ragged.ts";
import { sizeOf, type TensorSpec } from "../../src/nn/TensorSpec.ts";
import type { Float32Tensor, Weights } from "../../src/nn/Weights.ts";
import { labelledTexts, type LabelPorts, type LabelSettings } from "../../src/training/labelledTexts.ts";
import type { Method } from "../../src/training/Method.ts";
import { sbert, type SbertOptions } from "../../src/training/methods/sbert.ts";
import { scheduleOf } from "../../src/training/schedule.ts";
import { numbers } from "../kit/engineRig.ts";
import { sequencesOf } from "../kit/stepGradients.ts";
import { wholeBatch } from "../kit/wholeBatch.ts";
import type { TrainingRecord } from "./trainingProblem.ts";

export interface SbertCase {
  readonly method: Method;
  readonly options: SbertOptions;
  readonly settings: LabelSettings;
}

const config: ModelConfig = {
  architecture: "bert",
  vocabSize: 40,
  hiddenSize: 16,
  layers: 2,
  heads: 2,
  intermediateSize: 32,
  maxPositions: 16,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0,
  attentionDropout: 0,
};

const rows = 40;
const special = { pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 };
const tokenizer = "1".repeat(64);
const pairsDigest = "2".repeat(64);

/** 1 to 17 words of few: words come more than once, and some texts are cut. */
const texts = (salt: number): Ragged =>
  raggedFrom(
    Array.from({ length: rows }, (_, row) => {
      const draws = numbers(18, 1000 * salt + row).map((value) => (value + 1) / 2);
      return Array.from(draws.subarray(0, 1 + ((row * 5 + salt) % 17)), (draw) => 5 + Math.floor(draw * 35));
    }),
  );

/** Large enough that every layer does something, and exact on every machine: no logarithm, no cosine. */
function loudWeights(specs: ReadonlyArray<Pick<TensorSpec, "name" | "shape">>): Weights {
  const made = new Map<string, Float32Tensor>();
  specs.forEach(({ name, shape }, salt) => {
    const noise = numbers(sizeOf(shape), 50 + salt);
    const [middle, width] = name.endsWith("LayerNorm.weight") ? [1, 0.25] : [0, name.endsWith("bias") ? 0.25 : 0.375];
    made.set(name, { shape, values: noise.map((value) => middle + width * value) });
  });
  return made;
}

const plainSettings: LabelSettings = {
  objective: "softmax",
  concatenation: "u,v,|u-v|",
  classifierSize: 0,
  classifierDropout: 0,
  focalGamma: 0,
  focalAlpha: 1,
  highestScore: 5,
  margin: 1,
  maxTokens: 16,
};

const plainOptions: SbertOptions = {
  pooling: "mean",
  towers: "shared",
  batchSize: 8,
  learningRate: 2e-3,
  epochs: 10,
  maxSteps: 20,
  warmupRatio: 0.2,
  weightDecay: 0,
  optimizer: "adam",
  maxGradientNorm: 1,
  maxTokens: 16,
};

/** Every objective, pooling, and form of the penalty; towers of both kinds. */
export function sbertCases(): { readonly [name: string]: SbertCase } {
  const model: Backbone = { kind: "backbone", config, weights: loudWeights(parameterSpecs(config)), tokenizer, special };
  const pairs = { tokenizer, special, pairs: pairsDigest, a: texts(1), b: texts(2) };
  const side = (salt: number) => ({ tokenizer, special, ids: texts(salt) });
  const draws = numbers(rows, 5).map((value) => (value + 1) / 2);
  const sets = Array.from(draws, () => "made up");
  const classes = { pairs: pairsDigest, scores: Float64Array.from(draws, (draw) => Math.floor(3 * draw)), sets };
  const scores = { pairs: pairsDigest, scores: Float64Array.from(draws, (draw) => Math.round(50 * draw) / 10), sets };
  const made = (ports: LabelPorts, given: Partial<LabelSettings>, chosen: Partial<SbertOptions>): SbertCase => {
    const settings = { ...plainSettings, ...given };
    const options = { ...plainOptions, ...chosen };
    const method = sbert(model, labelledTexts(model, ports, settings), options, 1);
    // The classifier is loud too: a fresh one is so quiet that hardly a gradient reaches the embeddings.
    const heads = Array.from(method.start, ([name, { shape }]) => ({ name, shape })).filter(isOfClassifier);
    return { method: { ...method, start: new Map([...method.start, ...loudWeights(heads)]) }, options, settings };
  };
  return {
    softmax: made({ pairs, gold: classes }, {}, {}),
    regression: made({ pairs, gold: scores }, { objective: "regression" }, { pooling: "max" }),
    triplet: made(
      { anchors: side(1), positives: side(2), negatives: side(3) },
      { objective: "triplet" },
      { pooling: "cls", towers: "apart" },
    ),
    "focal-penalty": made(
      { pairs, gold: classes },
      { classifierSize: 12, focalGamma: 2, focalAlpha: 0.25, concatenation: "u,v,|u-v|,u*v" },
      {
        pooling: { kind: "mean-with-padding", paddedLength: 12 },
        penalty: { epsilon: 10, form: "dense" },
        schedule: "exponential",
        decayRate: 0.05,
      },
    ),
    "penalty-apart": made(
      { pairs, gold: classes },
      {},
      { towers: "apart", penalty: { epsilon: 1, form: "per-occurrence" } },
    ),
  };
}

const isOfClassifier = ({ name }: { readonly name: string }): boolean => name.startsWith("pairs.");

const base64 = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");

export function problemOf({ method, options, settings }: SbertCase) {
  const schedule = scheduleOf(options, method.stepsPerEpoch);
  return {
    objective: settings.objective,
    pooling: poolingText(options.pooling),
    towers: options.towers,
    concatenation: settings.concatenation,
    hiddenSize: settings.classifierSize,
    gamma: settings.focalGamma,
    alpha: settings.focalAlpha,
    margin: settings.margin,
    penalty: options.penalty ?? null,
    config: {
      vocab_size: config.vocabSize,
      hidden_size: config.hiddenSize,
      num_hidden_layers: config.layers,
      num_attention_heads: config.heads,
      intermediate_size: config.intermediateSize,
      max_position_embeddings: config.maxPositions,
      type_vocab_size: config.typeVocabSize,
      layer_norm_eps: config.layerNormEps,
      hidden_act: config.activation,
    },
    weights: Object.fromEntries(
      [...method.start].map(([name, { shape, values }]) => [name, { shape, float32: base64(values) }]),
    ),
    rates: Array.from({ length: schedule.totalSteps }, (_, step) => schedule.learningRate * schedule.factor(step)),
    maxGradientNorm: options.maxGradientNorm,
    steps: Array.from({ length: schedule.totalSteps }, (_, step) => {
      const { encodings, feeds } = wholeBatch(method, step);
      const rows = encodings.flatMap(({ batch }) => sequencesOf(batch).map(({ ids }) => Array.from(ids)));
      const each = rows.length / (settings.objective === "triplet" ? 3 : 2);
      const sides = Array.from({ length: rows.length / each }, (_, i) => rows.slice(i * each, (i + 1) * each));
      return { sides, labels: [...(feeds["labels"] ?? [])] };
    }),
  };
}

export type SbertProblem = ReturnType<typeof problemOf>;

/** Names all that a record depends on. */
export const digestOfProblem = (problem: SbertProblem): string =>
  createHash("sha256").update(JSON.stringify(problem)).digest("hex");

/** Runs record_sbert.py. @param python has torch and transformers */
export function recordIn(python: string, problem: SbertProblem): TrainingRecord & { readonly penalties: Array<number> } {
  const script = fileURLToPath(new URL("record_sbert.py", import.meta.url));
  const said = execFileSync(python, [script], { input: JSON.stringify(problem), maxBuffer: 1e9 });
  return JSON.parse(said.toString()) as ReturnType<typeof recordIn>;
}
