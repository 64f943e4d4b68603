/**
 * Mirror-BERT: every sentence and a copy of it with a span masked go through the encoder as one batch of 2N rows, under dropout
 * or drophead that differs for both, and each must find its twin among all views of all other sentences.
 *
 * Source: Liu, Vulić, Korhonen, Collier, "Fast, Effective, and Self-Supervised: Transforming Masked Language Models into Universal
 * Lexical and Sentence Encoders", EMNLP 2021, and its released code (methods §3).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleFor } from "../../nn/assembleInput.ts";
import type { Architecture, EncoderModel, Pooling, SpecialTokens } from "../../nn/EncoderModel.ts";
import { ntXent } from "../../nn/losses/ntXent.ts";
import { embedSequences, encodedRowsOf } from "../../nn/modules/pooling.ts";
import type { Sequence } from "../../nn/PackedBatch.ts";
import { encoderSpecs } from "../../nn/parameters.ts";
import { paddedLengthOf, type PoolingName, poolingOf, poolingText } from "../../nn/pooling.ts";
import { childKey, uniformAt } from "../../nn/random.ts";
import { type Ragged, raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { sampledUniformity, spreadOfViews } from "../batchSpread.ts";
import { requireKnownIds, requirePaddedLength, requirePositions, requireRows, requireTokenizerOf } from "../checks.ts";
import { embeddingSteps } from "../embeddingSteps.ts";
import type { Method } from "../Method.ts";
import { optimizerOf } from "../optimizer.ts";
import type { TrainingOptions } from "../options.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { encoderWeights, withDropHead, withDropout } from "../startingWeights.ts";

const name = "train-mirror-bert";

export interface MirrorBertOptions extends TrainingOptions {
  readonly temperature: number;
  readonly form: "code" | "paper";
  /** 0: heads are not dropped. Otherwise nothing else is, unless `dropout` is given. */
  readonly dropHead: number;
  readonly pooling: Pooling;
}

export interface MirrorBertSentences {
  /** Digest of the tokenizer that made the ids. */
  readonly tokenizer: string;
  readonly special: SpecialTokens;
  /** Without special tokens. */
  readonly ids: Ragged;
  /** Ids of the copy of a sentence. @param draw 0 to below 1: where it is masked */
  readonly masked: (row: number, draw: number) => ArrayLike<number>;
}

const readsFirst: ReadonlySet<Architecture> = new Set(["roberta", "xlm-roberta", "camembert"]);

/** As published where the settings leave it open: the mean over 50 positions, padding counted, of a BERT; `<s>` of a RoBERTa. */
export const mirrorBertPooling = (
  { config }: EncoderModel,
  settings: { readonly pooling?: PoolingName; readonly paddedLength?: number },
): Pooling =>
  poolingOf({
    ...settings,
    pooling: settings.pooling ?? (readsFirst.has(config.architecture) ? "cls" : "mean-with-padding"),
  });

/** @throws TrainingFailure of reason `invalid` where model, sentences and options do not fit */
export function mirrorBert(
  model: EncoderModel,
  sentences: MirrorBertSentences,
  options: MirrorBertOptions,
  seed: number,
): Method {
  const { temperature, form, dropHead, pooling, maxTokens } = options;
  requireTokenizerOf(model, sentences.tokenizer);
  requireRows(sentences.ids, 2, "sentences", "sentence");
  requireKnownIds(model.config, sentences.ids, "sentences");
  requirePositions(model.config, maxTokens);
  requirePaddedLength(model.config, pooling);
  const dropout = options.dropout ?? (dropHead > 0 ? 0 : undefined);
  const config = withDropHead(withDropout(model.config, dropout), dropHead);
  const rows = raggedRows(sentences.ids);
  const sampler = makeSampler({
    rows,
    batchSize: options.batchSize,
    dropLast: true,
    key: streamKey(seed, name, "shuffle"),
  });
  const partOf = embeddingSteps({
    key: `${name}|${temperature}|${form}|${poolingText(pooling)}`,
    encoders: [
      {
        config,
        maxLength: paddedLengthOf(pooling),
        encoded: encodedRowsOf(pooling),
        seed: streamSeed(seed, name, "dropout"),
        weights: encoderSpecs(config),
        embed: (call) => embedSequences(call, pooling), // [2 rows, dim]
      },
    ],
    loss: ([views]) => {
      const [first, second] = tf.split(views, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
      return { loss: ntXent({ first, second }, { temperature, form }), views };
    },
  });
  const spans = streamKey(seed, name, "mask");
  const assemble = (ids: ArrayLike<number>) => assembleFor(pooling, ids, sentences.special, maxTokens);
  const sequencesOf = (step: number): ReadonlyArray<Sequence> => {
    const batch = Array.from(sampler.batch(step));
    // Spans are drawn anew in each epoch, for each sentence by itself.
    const epoch = childKey(spans, Math.floor(step / sampler.stepsPerEpoch));
    const firsts = batch.map((row) => assemble(raggedRow(sentences.ids, row)));
    const seconds = batch.map((row) => assemble(sentences.masked(row, uniformAt(epoch, row))));
    return [...firsts, ...seconds];
  };
  return {
    config,
    start: encoderWeights(config, model.weights),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options),
    collapsedLoss: lossOfEqualViews(Math.min(options.batchSize, rows), form),
    parts: (step) => [partOf(step, [sequencesOf(step)], options.microBatchTokens)],
    observe: ({ views }) => spreadOfViews(views!, views!.length / config.hiddenSize / 2),
    uniformity: ({ views }) => {
      const first = views!.subarray(0, views!.length / 2); // of each sentence the first one
      return sampledUniformity(first, first.length / config.hiddenSize);
    },
  };
}

/** Of so many sentences. */
const lossOfEqualViews = (rows: number, form: "code" | "paper"): number =>
  form === "code" ? Math.log(2 * rows - 1) : rows * Math.log(2 * rows - 2);
