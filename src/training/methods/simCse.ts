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
import { projectionOf } from "../../nn/modules/projection.ts";
import { encoderSpecs } from "../../nn/parameters.ts";
import { paddedLengthOf, poolingText } from "../../nn/pooling.ts";
import { type Ragged, raggedRow, raggedRows } from "../../nn/Ragged.ts";
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
import { optimizerOf } from "../optimizer.ts";
import { embeddingSteps } from "../embeddingSteps.ts";
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
  const form = (options.projection ?? options.pooling === "cls") ? "tanh" : "none";
  const projection = projectionOf(form, config.hiddenSize);
  const { temperature, pooling, maxTokens } = options;
  const sampler = makeSampler({
    rows: raggedRows(sentences.ids),
    batchSize: options.batchSize,
    dropLast: true,
    key: streamKey(seed, name, "shuffle"),
  });
  const partOf = embeddingSteps({
    key: `${name}|${temperature}|${poolingText(pooling)}|${form}`,
    encoders: [
      {
        config,
        maxLength: paddedLengthOf(pooling),
        encoded: encodedRowsOf(pooling),
        seed: streamSeed(seed, name, "dropout"),
        weights: [...encoderSpecs(config), ...projection.specs],
        embed: (call, tensors) => projection.project(embedSequences(call, pooling), tensors), // [2 rows, dim]
      },
    ],
    loss: ([views]) => {
      const [anchors, positives] = tf.split(views, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
      return { loss: infoNce({ anchors, positives }, { temperature }), views };
    },
  });
  return {
    config,
    start: withHead(model, projection.specs, streamSeed(seed, name, "head")),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options, "adamw"),
    collapsedLoss: Math.log(Math.min(options.batchSize, raggedRows(sentences.ids))),
    parts: (step) => {
      const rows = Array.from(sampler.batch(step), (row) =>
        assembleFor(pooling, raggedRow(sentences.ids, row), sentences.special, maxTokens),
      );
      return [partOf(step, [[...rows, ...rows]], options.microBatchTokens)];
    },
    observe: ({ views }) => spreadOfViews(views!, views!.length / config.hiddenSize / 2),
    uniformity: ({ views }) => {
      const first = views!.subarray(0, views!.length / 2); // of each sentence the first one
      return sampledUniformity(first, first.length / config.hiddenSize);
    },
  };
}
