/**
 * Config fields that the training stages share, each with its meaning, unit, range, default and source, so that one word
 * means one thing in all of them. Light to import: every command loads the definitions of stages.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { defaultPaddedLength, type PoolingName, poolingNames } from "../nn/pooling.ts";
import type { Reactions } from "./guardOptions.ts";

const numberField = (check: Schema.Finite, value: number, description: string) =>
  check
    .annotate({ description: `${description} Default ${value}.`, default: value })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)));

/** A number above 0 with a default. */
export const positiveNumber = (value: number, description: string) =>
  numberField(Schema.Finite.check(Schema.isGreaterThan(0)), value, description);

/** A number from 0 to 1 with a default. */
export const fraction = (value: number, description: string) =>
  numberField(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })), value, description);

/** A number from 0 on with a default. */
export const nonNegativeNumber = (value: number, description: string) =>
  numberField(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)), value, description);

/** A whole number from `minimum` on with a default. */
export const wholeNumber = (value: number, minimum: number, description: string) =>
  numberField(Schema.Int.check(Schema.isGreaterThanOrEqualTo(minimum)), value, description);

/** True or false with a default. */
export const flag = (value: boolean, description: string) =>
  Schema.Boolean.annotate({ description: `${description} Default ${value}.`, default: value }).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(value)),
  );

const poolingWords =
  "the last hidden state of [CLS] (cls), the mean over all tokens (mean), their greatest of each channel (max), the mean over the first and the last layer (first-last), or the mean over all positions of a fixed length, padding counted (mean-with-padding)";

/** How an embedding is read off the encoder, where each stage has its own default in words; it travels with the model. */
export const anyPooling = (description: string, defaultWords: string) =>
  Schema.Literals(poolingNames).annotate({ description: `${description}: ${poolingWords}. Default: ${defaultWords}.` });

/** The same with a default. */
export const poolingField = (value: PoolingName, description: string) =>
  anyPooling(description, value)
    .annotate({ default: value })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)));

/** Beside every `pooling`: what `poolingOf` takes with it. */
export const paddedLengthField = Schema.optionalKey(
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(3)).annotate({
    description: `With pooling mean-with-padding, of no use elsewhere: the positions that every text is cut or filled up to, from 3 on. Default: ${defaultPaddedLength} (Mirror-BERT).`,
  }),
);

/** What a method prescribes for the fields that all trainings have. */
export interface TrainingDefaults {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly warmupRatio: number;
  readonly weightDecay: number;
  readonly maxTokens: number;
  /** Where these come from: "SimCSE, table A.1". */
  readonly source: string;
}

/** The fields of every training, in the order `pipeline stages` prints them. @param row what a batch is made of @param shortest least `maxTokens` */
export const trainingOptions = (defaults: TrainingDefaults, row: string, leastRows: number, shortest: number) => ({
  batchSize: wholeNumber(
    defaults.batchSize,
    leastRows,
    `${row} in a batch, from ${leastRows} on (${defaults.source}).`,
  ),
  learningRate: positiveNumber(
    defaults.learningRate,
    `Learning rate of AdamW at its highest, above 0 (${defaults.source}).`,
  ),
  epochs: positiveNumber(defaults.epochs, `Passes over the data, above 0; 0.5 is half a pass (${defaults.source}).`),
  maxSteps: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThan(0)).annotate({
      description:
        "At most this many updates, from 1 on; the learning rate reaches 0 with the last one. Default: no cap.",
    }),
  ),
  warmupRatio: fraction(
    defaults.warmupRatio,
    `Share of the updates over which the learning rate rises from 0, 0 to 1, rounded up; then it falls to 0 (${defaults.source}).`,
  ),
  weightDecay: nonNegativeNumber(
    defaults.weightDecay,
    `Decay of weights per unit of learning rate, from 0 on; biases and LayerNorm have none (${defaults.source}).`,
  ),
  maxGradientNorm: positiveNumber(1, "Gradients longer than this, all taken together, are scaled down to it; above 0."),
  maxTokens: wholeNumber(
    defaults.maxTokens,
    shortest,
    `Longest input in tokens, special ones included; longer ones are cut. From ${shortest} on (${defaults.source}).`,
  ),
  dropout: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true })).annotate({
      description: "Dropout rate everywhere in the encoder, 0 to below 1. Default: the model's own rates.",
    }),
  ),
});

/** Besides, for losses that are means over rows: a batch of such a loss may be computed in parts. */
export const partsOptions = {
  microBatchTokens: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThan(0)).annotate({
      description:
        "Tokens that go through the encoder at once, from 1 on. A batch of more is computed in parts whose gradients are added up: less memory, numbers equal to rounding. Default: the whole batch.",
    }),
  ),
};

/** The decoded fields of `trainingOptions` and `partsOptions`. */
export interface TrainingOptions {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly maxSteps?: number;
  readonly warmupRatio: number;
  readonly weightDecay: number;
  readonly maxGradientNorm: number;
  readonly maxTokens: number;
  readonly dropout?: number;
  readonly microBatchTokens?: number;
  /** Left out: `guardDefaults`. */
  readonly guards?: Reactions;
}
