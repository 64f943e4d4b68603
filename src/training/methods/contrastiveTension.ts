/**
 * Contrastive Tension: two copies of an encoder are trained apart to agree on a sentence and to disagree on any two. In the
 * original form the pairs are drawn, one of a sentence with itself to K of two; in the other the batch gives the negatives, and
 * how sharply similarities are told apart is learnt too.
 *
 * Source: Carlsson et al., "Semantic Re-tuning with Contrastive Tension", ICLR 2021, and its released code; in-batch negatives
 * are sentence-transformers' (methods §4).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleFor } from "../../nn/assembleInput.ts";
import type { EncoderModel, Pooling } from "../../nn/EncoderModel.ts";
import { contrastiveTension as pairLoss } from "../../nn/losses/contrastiveTension.ts";
import { inBatchContrastiveTension } from "../../nn/losses/inBatchContrastiveTension.ts";
import type { EncoderCall } from "../../nn/modules/EncoderCall.ts";
import { embedSequences, encodedRowsOf } from "../../nn/modules/pooling.ts";
import type { Sequence } from "../../nn/PackedBatch.ts";
import { encoderSpecs, withPrefix } from "../../nn/parameters.ts";
import { paddedLengthOf, poolingText } from "../../nn/pooling.ts";
import { raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { tensorNamed, type Tensors, type TensorSpec } from "../../nn/TensorSpec.ts";
import type { Weights } from "../../nn/Weights.ts";
import { sampledUniformity } from "../batchSpread.ts";
import {
  requireKnownIds,
  requirePaddedLength,
  requirePositions,
  requireRows,
  requireSameTokenizer,
} from "../checks.ts";
import type { Method, Numbers, Outputs } from "../Method.ts";
import type { TrainingOptions } from "../options.ts";
import { optimizerOf } from "../optimizer.ts";
import { embeddingSteps } from "../embeddingSteps.ts";
import type { Extra } from "../prepareEncoderStep.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { encoderWeights, prefixedWeights, withDropout } from "../startingWeights.ts";
import { makeTensionSampler, secondTower, sentencesOfBatch } from "../tensionPairs.ts";
import { TrainingFailure } from "../TrainingFailure.ts";
import type { SimCseSentences } from "./simCse.ts";

const name = "train-contrastive-tension";

interface CommonOptions extends TrainingOptions {
  readonly pooling: Pooling;
}

export interface PairTensionOptions extends CommonOptions {
  readonly variant: "original";
  readonly reduction: "mean" | "sum";
  /** K: pairs of two sentences for one of a sentence with itself. */
  readonly negatives: number;
  readonly sampling: "replacement" | "pass";
  readonly epochBatches: number;
}

export interface InBatchTensionOptions extends CommonOptions {
  readonly variant: "in-batch";
  /** What similarities are multiplied by at first. */
  readonly scale: number;
  readonly similarity: "cosine" | "dot";
}

export type ContrastiveTensionOptions = PairTensionOptions | InBatchTensionOptions;

/** What the variants differ in. */
interface Variant {
  readonly key: string;
  /** Trained besides the encoders. */
  readonly more: Weights;
  readonly stepsPerEpoch: number;
  /** Rows of the sentences that either encoder gets, and what the loss is told besides. */
  readonly batch: (step: number) => { readonly first: Int32Array; readonly second: Int32Array; readonly extra: Extra };
  readonly loss: (embeddings: { first: tf.Tensor2D; second: tf.Tensor2D }, tensors: Tensors) => tf.Scalar;
  /** Further outputs of a program. */
  readonly outputs?: (tensors: Tensors) => Tensors;
  readonly observe: (outputs: Outputs, labels: Float32Array | undefined) => Numbers;
  readonly collapsedLoss?: number;
}

/** @throws TrainingFailure of reason `invalid` where model, sentences and options do not fit */
export function contrastiveTension(
  model: EncoderModel,
  sentences: SimCseSentences,
  options: ContrastiveTensionOptions,
  seed: number,
): Method {
  requireSameTokenizer(model, sentences, "sentences");
  requireRows(sentences.ids, 2, "sentences", "sentence");
  requireKnownIds(model.config, sentences.ids, "sentences");
  requirePositions(model.config, options.maxTokens);
  requirePaddedLength(model.config, options.pooling);
  const rows = raggedRows(sentences.ids);
  const variant = options.variant === "original" ? ofPairs(options, rows, seed) : inBatch(options, rows, seed);
  const config = withDropout(model.config, options.dropout);
  const { pooling, maxTokens } = options;
  const common = {
    config,
    maxLength: paddedLengthOf(pooling),
    encoded: encodedRowsOf(pooling),
    embed: (call: EncoderCall) => embedSequences(call, pooling), // [rows, dim]
  };
  const partOf = embeddingSteps({
    key: `${name}|${variant.key}|${poolingText(pooling)}`,
    encoders: [
      { ...common, seed: streamSeed(seed, name, "dropout"), weights: encoderSpecs(config) },
      {
        ...common,
        seed: streamSeed(seed, name, "dropout of the second"),
        inputs: "second",
        parameters: secondTower,
        weights: withPrefix(encoderSpecs(config), secondTower),
      },
    ],
    parameters: Array.from(variant.more, ([name, { shape }]): TensorSpec => ({ name, shape, dtype: "float32" })),
    loss: ([first, second], tensors) => {
      const embeddings = { first, second };
      return { loss: variant.loss(embeddings, tensors), ...embeddings, ...variant.outputs?.(tensors) };
    },
  });
  const assembled = (chosen: Int32Array): ReadonlyArray<Sequence> =>
    Array.from(chosen, (row) => assembleFor(pooling, raggedRow(sentences.ids, row), sentences.special, maxTokens));
  const start = encoderWeights(config, model.weights);
  return {
    config,
    start: new Map([...start, ...prefixedWeights(start, secondTower), ...variant.more]),
    stepsPerEpoch: variant.stepsPerEpoch,
    optimizer: optimizerOf(options),
    ...(variant.collapsedLoss === undefined ? {} : { collapsedLoss: variant.collapsedLoss }),
    parts: (step) => {
      const { first, second, extra } = variant.batch(step);
      return [partOf(step, [assembled(first), assembled(second)], options.microBatchTokens, extra)];
    },
    observe: (outputs, { feeds }) => variant.observe(outputs, feeds[labelsInput] as Float32Array | undefined),
    uniformity: ({ second }) => sampledUniformity(second!, second!.length / config.hiddenSize),
  };
}

const labelsInput = "labels";

/** The original form: dot products, and pairs that are drawn. */
function ofPairs(options: PairTensionOptions, rows: number, seed: number): Variant {
  const { batchSize, reduction } = options;
  const sampler = makeTensionSampler({ ...options, rows, key: streamKey(seed, name, "pairs") });
  if (sampler.stepsPerEpoch === 0)
    throw new TrainingFailure(
      "invalid",
      `Port "sentences" has ${rows} sentences, but a batch of ${batchSize} pairs takes ${sentencesOfBatch(options)} that are not used twice.`,
      "Link more data, set batchSize lower, or set sampling to replacement.",
    );
  return {
    key: `original|${reduction}`,
    more: new Map(),
    stepsPerEpoch: sampler.stepsPerEpoch,
    batch: (step) => {
      const { labels, ...chosen } = sampler.batch(step);
      const inputs = [{ name: labelsInput, shape: [batchSize], dtype: "float32" }] as const;
      return { ...chosen, extra: { inputs, feeds: { [labelsInput]: labels } } };
    },
    loss: (embeddings, tensors) =>
      pairLoss({ ...embeddings, labels: tensorNamed(tensors, labelsInput) as tf.Tensor1D }, { reduction }),
    observe: (outputs, labels) => meanScores(outputs["first"]!, outputs["second"]!, labels!),
  };
}

/** Dot products of the pairs of one sentence and of two. */
function meanScores(first: Float32Array, second: Float32Array, labels: Float32Array): Numbers {
  const dim = first.length / labels.length;
  const sums = { 0: 0, 1: 0 };
  const counts = { 0: 0, 1: 0 };
  labels.forEach((label, pair) => {
    const kind = label === 1 ? 1 : 0;
    counts[kind]++;
    for (let i = pair * dim; i < (pair + 1) * dim; i++) sums[kind] += first[i]! * second[i]!;
  });
  return { scoreOfSame: sums[1] / counts[1], scoreOfDifferent: sums[0] / counts[0] };
}

const logScale = "logScale";

/** The batch as negatives, with a scale that is learnt as its logarithm. */
function inBatch({ batchSize, scale, similarity }: InBatchTensionOptions, rows: number, seed: number): Variant {
  const sampler = makeSampler({ rows, batchSize, dropLast: true, key: streamKey(seed, name, "shuffle") });
  const learnt = (tensors: Tensors) => tensorNamed(tensors, logScale) as tf.Tensor1D;
  return {
    key: `in-batch|${similarity}`,
    more: new Map([[logScale, { shape: [1], values: Float32Array.of(Math.log(scale)) }]]),
    stepsPerEpoch: sampler.stepsPerEpoch,
    batch: (step) => {
      const chosen = sampler.batch(step);
      return { first: chosen, second: chosen, extra: { inputs: [], feeds: {} } };
    },
    loss: (embeddings, tensors) =>
      inBatchContrastiveTension({ ...embeddings, logScale: learnt(tensors) }, { similarity }),
    outputs: (tensors) => ({ scale: tf.exp(learnt(tensors)) }),
    observe: (outputs) => ({ scale: outputs["scale"]![0]! }),
    collapsedLoss: Math.log(Math.min(batchSize, rows)),
  };
}
