/**
 * Unsupervised SimCSE: both dropout views of a batch go through the encoder as one batch of 2N rows, and row i must find row
 * N + i. The masks differ by themselves, since a dropout counter holds the row's number.
 *
 * Source: Gao, Yao, Chen, EMNLP 2021; the released code for the head (fresh, dense and tanh, trained but not kept).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleSingle } from "../../nn/assembleInput.ts";
import type { EncoderModel, Pooling, SpecialTokens } from "../../nn/EncoderModel.ts";
import { infoNce } from "../../nn/losses/infoNce.ts";
import { embedSequences, encodedRowsOf } from "../../nn/modules/pooling.ts";
import { linear } from "../../nn/ops/index.ts";
import { adamWDefaults, decaysByDefault } from "../../nn/optim/adamW.ts";
import { encoderSpecs } from "../../nn/parameters.ts";
import { type Ragged, raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { tensorNamed, type TensorSpec } from "../../nn/TensorSpec.ts";
import { requireKnownIds, requirePositions, requireRows, requireSameTokenizer } from "../checks.ts";
import type { Method, Numbers } from "../Method.ts";
import type { TrainingOptions } from "../options.ts";
import { encoderSteps } from "../prepareEncoderStep.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { withDropout, withHead } from "../startingWeights.ts";

const name = "train-simcse";

export interface SimCseOptions extends TrainingOptions {
  readonly temperature: number;
  readonly pooling: Pooling;
  /** Default: with pooling `cls` only. */
  readonly projection?: boolean;
}

export interface SimCseSentences {
  readonly tokenizer: string;
  readonly special: SpecialTokens;
  readonly ids: Ragged;
}

/** @throws TrainingFailure of reason `invalid` where model, sentences and options do not fit */
export function simCse(model: EncoderModel, sentences: SimCseSentences, options: SimCseOptions, seed: number): Method {
  requireSameTokenizer(model, sentences, "sentences");
  requireRows(sentences.ids, 2, "sentences", "sentence");
  requireKnownIds(model.config, sentences.ids, "sentences");
  requirePositions(model.config, options.maxTokens);
  const config = withDropout(model.config, options.dropout);
  const head = (options.projection ?? options.pooling === "cls") ? projectionSpecs(config.hiddenSize) : [];
  const { temperature, pooling, maxTokens } = options;
  const sampler = makeSampler({
    rows: raggedRows(sentences.ids),
    batchSize: options.batchSize,
    dropLast: true,
    key: streamKey(seed, name, "shuffle"),
  });
  const steps = encoderSteps({
    key: `${name}|${temperature}|${pooling}|${head.length > 0}`,
    config,
    parameters: [...encoderSpecs(config), ...head],
    encoded: encodedRowsOf(pooling),
    headDropout: false,
    seed: streamSeed(seed, name, "dropout"),
    loss: (call, tensors) => {
      const pooled = embedSequences(call, pooling); // [2 rows, dim]
      const views = head.length > 0 ? project(pooled, tensors) : pooled;
      const [anchors, positives] = tf.split(views, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
      return { loss: infoNce({ anchors, positives }, { temperature }), views };
    },
  });
  const prepare = (step: number) => {
    const rows = Array.from(sampler.batch(step), (row) =>
      assembleSingle(raggedRow(sentences.ids, row), sentences.special, maxTokens),
    );
    return steps.prepare(step, steps.pack([...rows, ...rows]), { inputs: [], feeds: {} });
  };
  return {
    config,
    start: withHead(model, head, streamSeed(seed, name, "head")),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: { ...adamWDefaults.pytorch, weightDecay: options.weightDecay, decays: decaysByDefault },
    collapsedLoss: Math.log(Math.min(options.batchSize, raggedRows(sentences.ids))),
    // Every row is the others' negative, so the batch is one part whatever its size.
    parts: (step) => [{ share: 1, prepare: () => prepare(step) }],
    observe: (outputs, { batch }) => spreadOf(outputs["views"]!, batch.shape.sequences / 2),
  };
}

const projectionNames = { weight: "projection.dense.weight", bias: "projection.dense.bias" } as const;

const projectionSpecs = (dim: number): ReadonlyArray<TensorSpec> => [
  { name: projectionNames.weight, shape: [dim, dim], dtype: "float32" },
  { name: projectionNames.bias, shape: [dim], dtype: "float32" },
];

const project = (x: tf.Tensor2D, tensors: { readonly [name: string]: tf.Tensor }): tf.Tensor2D =>
  tf.tanh(
    linear(x, tensorNamed(tensors, projectionNames.weight), tensorNamed(tensors, projectionNames.bias)),
  ) as tf.Tensor2D;

/**
 * Alignment (mean squared distance of the two views of a sentence) and uniformity (log of the mean of exp(-2 · squared
 * distance) over pairs of sentences) on the batch's own embeddings, projection and dropout included: cheap, and enough to
 * see a collapse. Source: Wang, Isola, ICML 2020.
 * @param views [2 rows, dim]
 */
function spreadOf(views: Float32Array, rows: number): Numbers {
  const dim = views.length / (2 * rows);
  const unit = unitLength(views, dim);
  const squaredDistance = (i: number, j: number) => {
    let dot = 0;
    for (let k = 0; k < dim; k++) dot += unit[i * dim + k]! * unit[j * dim + k]!;
    return Math.max(0, 2 - 2 * dot);
  };
  let aligned = 0;
  let spread = 0;
  for (let i = 0; i < rows; i++) {
    aligned += squaredDistance(i, rows + i);
    for (let j = 0; j < i; j++) spread += Math.exp(-2 * squaredDistance(i, j));
  }
  return { alignment: aligned / rows, uniformity: Math.log(spread / ((rows * (rows - 1)) / 2)) };
}

function unitLength(rows: Float32Array, dim: number): Float64Array {
  const unit = new Float64Array(rows.length);
  for (let from = 0; from < rows.length; from += dim) {
    let squared = 0;
    for (let k = from; k < from + dim; k++) squared += rows[k]! ** 2;
    const scale = 1 / Math.max(Math.sqrt(squared), 1e-12);
    for (let k = from; k < from + dim; k++) unit[k] = rows[k]! * scale;
  }
  return unit;
}
