/**
 * SimCSE: both dropout views of a batch go through the encoder as one batch of 2N rows, and row i must find row N + i. The masks
 * differ by themselves, since a dropout counter holds the row's number. In its supervised form the second view is a sentence
 * given as positive, and rows 2N … 3N are hard negatives; a term of masked words may stand beside the loss.
 *
 * Source: Gao, Yao, Chen, EMNLP 2021; the released code for the head (fresh, dense and tanh, trained but not kept).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleFor, assembleSingle } from "../../nn/assembleInput.ts";
import type { EncoderModel, Pooling, SpecialTokens } from "../../nn/EncoderModel.ts";
import { infoNce } from "../../nn/losses/infoNce.ts";
import { embedSequences, encodedRowsOf } from "../../nn/modules/pooling.ts";
import { projectionOf } from "../../nn/modules/projection.ts";
import { encoderSpecs, headSpecs } from "../../nn/parameters.ts";
import { paddedLengthOf, poolingText } from "../../nn/pooling.ts";
import { type Ragged, raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { sampledUniformity, spreadOfViews } from "../batchSpread.ts";
import {
  requireAligned,
  requireKnownIds,
  requirePaddedLength,
  requirePositions,
  requireRows,
  requireSameTokenizer,
} from "../checks.ts";
import { maskedWords } from "../maskedWords.ts";
import type { Method } from "../Method.ts";
import type { TrainingOptions } from "../options.ts";
import { optimizerOf } from "../optimizer.ts";
import { embeddingSteps } from "../embeddingSteps.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { withDropout, withHead } from "../startingWeights.ts";
import { TrainingFailure } from "../TrainingFailure.ts";

const name = "train-simcse";

export interface SimCseOptions extends TrainingOptions {
  readonly temperature: number;
  readonly pooling: Pooling;
  /** Default: with pooling `cls` only. */
  readonly projection?: boolean;
  /** Added to the logit of a row's own hard negative. Default 0. */
  readonly hardNegativeWeight?: number;
  /** λ of the loss of masked words. Default 0: there is none. */
  readonly mlmWeight?: number;
  /** Share of the tokens that are guessed then. Default 0.15. */
  readonly maskRatio?: number;
}

export interface SimCseSentences {
  readonly tokenizer: string;
  readonly special: SpecialTokens;
  readonly ids: Ragged;
}

/** What belongs to the sentences, row by row. */
export interface SimCsePartners {
  /** Default: the sentence itself. */
  readonly positives?: SimCseSentences | undefined;
  /** Hard negatives; default: those of the batch alone. */
  readonly negatives?: SimCseSentences | undefined;
}

/** @throws TrainingFailure of reason `invalid` where model, sentences and options do not fit */
export function simCse(
  model: EncoderModel,
  sentences: SimCseSentences,
  options: SimCseOptions,
  seed: number,
  partners: SimCsePartners = {},
): Method {
  requireFitting(model, sentences, partners, options);
  const config = withDropout(model.config, options.dropout);
  const { temperature, pooling, maxTokens, hardNegativeWeight = 0, mlmWeight = 0 } = options;
  const form = (options.projection ?? pooling === "cls") ? "tanh" : "none";
  const projection = projectionOf(form, config.hiddenSize);
  const wordHead = mlmWeight > 0 ? headSpecs(config, "mlm") : [];
  const { positives = sentences, negatives } = partners;
  const sides = [sentences, positives, ...(negatives === undefined ? [] : [negatives])];
  const sampler = makeSampler({
    rows: raggedRows(sentences.ids),
    batchSize: options.batchSize,
    dropLast: true,
    key: streamKey(seed, name, "shuffle"),
  });
  const lossKey = `${temperature}|${negatives === undefined ? "" : `hard ${hardNegativeWeight}|`}`;
  const partOf = embeddingSteps({
    key: `${name}|${lossKey}${poolingText(pooling)}|${form}`,
    encoders: [
      {
        config,
        maxLength: paddedLengthOf(pooling),
        encoded: encodedRowsOf(pooling),
        seed: streamSeed(seed, name, "dropout"),
        weights: [...encoderSpecs(config), ...projection.specs],
        embed: (call, tensors) => projection.project(embedSequences(call, pooling), tensors), // [sides · rows, dim]
      },
    ],
    loss: ([views]) => {
      const [anchors, positives, negatives] = tf.split(views, sides.length, 0) as ReadonlyArray<tf.Tensor2D>;
      const inputs = { anchors: anchors!, positives: positives!, negatives };
      return { loss: infoNce(inputs, { temperature, hardNegativeWeight }), views };
    },
  });
  const wordParts = maskedWords({
    key: `${name}|words`,
    config,
    special: sentences.special,
    maskRatio: options.maskRatio ?? 0.15,
    masks: streamKey(seed, name, "mask"),
    seed: streamSeed(seed, name, "dropout of masked words"),
  });
  return {
    config,
    start: withHead(
      model,
      [...projection.specs, ...wordHead],
      streamSeed(seed, name, "head"),
      wordHead.map((parameter) => parameter.name),
    ),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options, "adamw"),
    collapsedLoss: lossOfEqualRows(
      Math.min(options.batchSize, raggedRows(sentences.ids)),
      negatives,
      hardNegativeWeight,
    ),
    parts: (step) => {
      const rows = sampler.batch(step);
      const texts = sides.flatMap(({ ids }) => Array.from(rows, (row) => raggedRow(ids, row)));
      const contrastive = partOf(
        step,
        [texts.map((text) => assembleFor(pooling, text, sentences.special, maxTokens))],
        options.microBatchTokens,
      );
      if (mlmWeight === 0) return [contrastive];
      const whole = texts.map((text) => assembleSingle(text, sentences.special, maxTokens));
      const words = wordParts(step, whole, options.microBatchTokens);
      return [...words.map(({ share, prepare }) => ({ share, prepare, weight: mlmWeight })), contrastive];
    },
    observe: ({ views, loss }) => {
      if (views === undefined) return { mlmLoss: loss![0]! };
      const rows = views.length / config.hiddenSize / sides.length;
      const spread = spreadOfViews(views.subarray(0, 2 * rows * config.hiddenSize), rows);
      return mlmWeight === 0 ? spread : { contrastiveLoss: loss![0]!, ...spread };
    },
    uniformity: ({ views }) => {
      const first = views!.subarray(0, views!.length / sides.length); // of each sentence the first one
      return sampledUniformity(first, first.length / config.hiddenSize);
    },
  };
}

function requireFitting(
  model: EncoderModel,
  sentences: SimCseSentences,
  { positives, negatives }: SimCsePartners,
  { maxTokens, pooling, hardNegativeWeight = 0 }: SimCseOptions,
): void {
  for (const [port, tokens] of Object.entries({ sentences, positives, negatives })) {
    if (tokens === undefined) continue;
    requireSameTokenizer(model, tokens, port);
    requireRows(tokens.ids, 2, port, "sentence");
    requireKnownIds(model.config, tokens.ids, port);
    requireAligned(sentences.ids, tokens.ids, port);
  }
  requirePositions(model.config, maxTokens);
  requirePaddedLength(model.config, pooling);
  if (hardNegativeWeight !== 0 && negatives === undefined)
    throw new TrainingFailure(
      "invalid",
      `hardNegativeWeight is ${hardNegativeWeight}, but nothing is linked to port "negatives".`,
      "Link hard negatives, or leave hardNegativeWeight out.",
    );
}

/** Equal cosines everywhere: ln N of the positives, or with N hard negatives, one of them weighted, ln(2N - 1 + e^w). */
const lossOfEqualRows = (rows: number, negatives: SimCseSentences | undefined, weight: number): number =>
  Math.log(negatives === undefined ? rows : 2 * rows - 1 + Math.exp(weight));
