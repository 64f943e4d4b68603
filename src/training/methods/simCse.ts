/**
 * Unsupervised SimCSE: both dropout views of a batch go through the encoder as one batch of 2N rows, and row i must find row
 * N + i. The masks differ by themselves, since a dropout counter holds the row's number.
 *
 * Source: Gao, Yao, Chen, EMNLP 2021; the released code for the head (fresh, dense and tanh, trained but not kept).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleFor } from "../../nn/assembleInput.ts";
import type { EncoderModel, Pooling, SpecialTokens } from "../../nn/EncoderModel.ts";
import { infoNce } from "../../nn/losses/infoNce.ts";
import { embedSequences, encodedRowsOf } from "../../nn/modules/pooling.ts";
import { linear } from "../../nn/ops/index.ts";
import { adamWDefaults, decaysByDefault } from "../../nn/optim/adamW.ts";
import { encoderSpecs } from "../../nn/parameters.ts";
import { poolingText } from "../../nn/pooling.ts";
import { type Ragged, raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { tensorNamed, type TensorSpec } from "../../nn/TensorSpec.ts";
import { sampledUniformity, spreadOfViews } from "../batchSpread.ts";
import {
  requireKnownIds,
  requirePaddedLength,
  requirePositions,
  requireRows,
  requireSameTokenizer,
} from "../checks.ts";
import type { Method } from "../Method.ts";
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
  requirePaddedLength(model.config, options.pooling);
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
    key: `${name}|${temperature}|${poolingText(pooling)}|${head.length > 0}`,
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
      assembleFor(pooling, raggedRow(sentences.ids, row), sentences.special, maxTokens),
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
    observe: (outputs, { batch }) => spreadOfViews(outputs["views"]!, batch.shape.sequences / 2),
    uniformity: (outputs, { batch }) => {
      const views = outputs["views"]!; // of each sentence the first one
      return sampledUniformity(views.subarray(0, views.length / 2), batch.shape.sequences / 2);
    },
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
