/**
 * SimCSE: each sentence goes through the encoder twice under independent dropout, and one view must find the other among all of
 * the batch. What comes out is a bi-encoder that never saw a label. With `positives` and `negatives` it is the supervised form:
 * triples of a sentence, one that follows from it, and one that contradicts it.
 *
 * Source: Gao, Yao, Chen, "SimCSE: Simple Contrastive Learning of Sentence Embeddings", EMNLP 2021, and its released code.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Gold, TokenPairs, Tokens, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, optionalInput, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { poolingNames, poolingOf } from "../src/nn/pooling.ts";
import type { Weights } from "../src/nn/Weights.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  paddedLengthField,
  devOptions,
  partsOptions,
  poolingWords,
  positiveNumber,
  type TrainingDefaults,
  trainingOptions,
} from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { asBiEncoder } from "../src/training/trainedModel.ts";

const { diverged, stuck, collapsed } = guardFields;

const defaults: TrainingDefaults = {
  batchSize: 64,
  learningRate: 3e-5,
  epochs: 1,
  warmupRatio: 0,
  weightDecay: 0,
  optimizer: "adamw",
  maxTokens: 32,
  source: "SimCSE, BERT base",
};

/** SimCSE's name for [CLS] as it is, in training too. */
const beforePooler = "cls-before-pooler";
const from0 = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0));

const config = Schema.Struct({
  temperature: positiveNumber(0.05, "What cosines are divided by before the softmax, above 0 (SimCSE: 0.05)."),
  pooling: Schema.Literals([...poolingNames, beforePooler])
    .annotate({
      description: `The embedding, which travels with the encoder: ${poolingWords}; ${beforePooler} is cls without the projection in training (SimCSE's cls_before_pooler). Default: cls.`,
      default: "cls",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("cls" as const))),
  paddedLength: paddedLengthField,
  projection: Schema.optionalKey(
    Schema.Boolean.annotate({
      description:
        "A dense layer with tanh on the embedding, trained from fresh weights and dropped afterwards. Default: with pooling cls only, as SimCSE's code.",
    }),
  ),
  hardNegativeWeight: Schema.Finite.annotate({
    description:
      "Added to the logit of a sentence's own hard negative, so the logarithm of how often it counts (SimCSE tried ln 0.5, ln 1, ln 2). Default 0.",
    default: 0,
    absentMeans: 0,
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  mlmWeight: from0
    .annotate({
      description:
        "Weight of a second term, the loss of masked words through the word table as decoder, from 0 on; 0: there is none (SimCSE: 0.1 for transfer tasks, at the cost of similarity). Default 0.",
      default: 0,
      absentMeans: 0,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  maskRatio: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true }))
    .annotate({
      description:
        "Share of the tokens that are guessed where mlmWeight is above 0, above 0 to 1 (SimCSE: 0.15). Default 0.15.",
      default: 0.15,
      absentMeans: 0.15,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(0.15))),
  ...trainingOptions(defaults, "Sentences", 2, 3),
  ...partsOptions,
  ...devOptions(125, "SimCSE's script; the paper says 250"),
  guards: guardsField({ diverged, stuck, collapsed }),
}).check(
  Schema.makeFilter(({ pooling, projection }) =>
    pooling === beforePooler && projection === true
      ? `projection is true, but pooling ${beforePooler} has none: set pooling to cls`
      : undefined,
  ),
);

export default defineStage({
  name: "train-simcse",
  version: 1,
  description: "Trains a bi-encoder on bare sentences: two dropout views of a sentence must find each other (SimCSE).",
  config,
  inputs: {
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder to start from; its head is dropped.",
    ),
    sentences: input(Tokens, "Sentences to learn from, tokenized with the model's tokenizer."),
    positives: optionalInput(
      Tokens,
      "Of each sentence, row by row, one that shall be near it; not linked, it is the sentence itself under other dropout.",
    ),
    negatives: optionalInput(
      Tokens,
      "Of each sentence, row by row, one that shall be far from it: a hard negative besides those of the batch.",
    ),
    devPairs: optionalInput(
      TokenPairs,
      "A development set to look at while training: pairs, tokenized with the model's tokenizer.",
    ),
    devGold: optionalInput(Gold, "Its gold scores. They decide which weights are kept, and enter no gradient."),
  },
  outputs: {
    encoder: output(BiEncoder, "The trained encoder with its pooling."),
    curve: output(
      TrainingCurve,
      "Loss, its value at a collapse (ln N), alignment and uniformity by update; with mlmWeight both terms too, with a development set its Spearman × 100, alignment and uniformity at each look.",
    ),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-simcse")(function* ({ config, inputs, seed }) {
    const { model, sentences, positives, negatives } = inputs;
    const isBare = config.pooling === beforePooler;
    const pooling = poolingOf({ ...config, pooling: config.pooling === beforePooler ? "cls" : config.pooling });
    const options = { ...config, pooling, ...(isBare ? { projection: false } : {}) };
    const asEncoder = (weights: Weights) => asBiEncoder(model, weights, { ...config, pooling });
    const trained = yield* runTraining(async () => {
      const { simCse } = await import("../src/training/methods/simCse.ts");
      const { withDevelopment } = await import("../src/training/development.ts");
      const method = simCse(model, sentences, options, seed, { positives, negatives });
      return withDevelopment(method, inputs, config, asEncoder);
    }, config);
    return { encoder: asEncoder(trained.weights), curve: trained.curve };
  }),
});
