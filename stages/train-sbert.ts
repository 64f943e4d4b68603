/**
 * Sentence-BERT, the supervised way: a bi-encoder learns from what people said of pairs. Classes (entailment, neutral,
 * contradiction; the same or not) through a classifier on both embeddings and their difference, scores as cosines, or triples by
 * distance. The classifier is dropped afterwards: at use only embeddings and their cosine count.
 *
 * Source: Reimers, Gurevych, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks", EMNLP 2019. Focal loss (Lin et al.,
 * ICCV 2017), gradient penalty, a hidden layer and towers of their own for unlike sides come from a TensorFlow variant for LCQMC.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Gold, TokenPairs, Tokens, TrainingCurve } from "../src/artifact/index.ts";
import { inputOneOf, optionalInput, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { poolingOf } from "../src/nn/pooling.ts";
import type { Weights } from "../src/nn/Weights.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  choice,
  devOptions,
  nonNegativeNumber,
  paddedLengthField,
  partsOptions,
  poolingField,
  positiveNumber,
  type TrainingDefaults,
  trainingOptions,
  wholeNumber,
} from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { secondTower } from "../src/training/tensionPairs.ts";
import { asBiEncoder, weightsUnder } from "../src/training/trainedModel.ts";

const { diverged, collapsed } = guardFields;

const defaults: TrainingDefaults = {
  batchSize: 16,
  learningRate: 2e-5,
  epochs: 1,
  warmupRatio: 0.1,
  weightDecay: 0,
  optimizer: "adam",
  maxTokens: 128,
  source: "Sentence-BERT, NLI",
};

const classifierOptions = {
  concatenation: choice(
    ["u,v", "|u-v|", "u*v", "|u-v|,u*v", "u,v,u*v", "u,v,|u-v|", "u,v,|u-v|,u*v"],
    "u,v,|u-v|",
    "With objective softmax: what of the embeddings u and v of a pair the classifier is shown, side by side (Sentence-BERT, table 6).",
  ),
  classes: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(2)).annotate({
      description:
        "With objective softmax: how many classes there are, from 2 on. Default: one more than the highest label.",
    }),
  ),
  classifierSize: wholeNumber(
    0,
    0,
    "With objective softmax: width of a layer with relu between features and classes, from 0 on; 0: there is none (the variant for LCQMC: 512).",
  ),
  classifierDropout: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))
    .annotate({
      description:
        "With objective softmax: dropout rate of the features the classifier is shown, 0 to below 1 (the variant for LCQMC: 0.5). Default 0.",
      default: 0,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  focalGamma: nonNegativeNumber(
    0,
    "With objective softmax: γ of the focal loss, from 0 on: pairs that are right already count less; 0: plain cross-entropy (Lin et al.: 2).",
  ),
  focalAlpha: positiveNumber(
    1,
    "With objective softmax: α, by which the loss of every pair is multiplied, above 0; 1: no weighting (Lin et al.: 0.25).",
  ),
};

const config = Schema.Struct({
  objective: choice(
    ["softmax", "regression", "triplet"],
    "softmax",
    "What is learnt: classes of pairs (softmax), scores of pairs as cosines by squared error (regression), or which of two texts is nearer (triplet).",
  ),
  towers: choice(
    ["shared", "apart"],
    "shared",
    "One encoder for both sides of a pair (shared), or one for each, which start equal (apart): for unlike sides, such as question and text. Of a triple the anchor has the first.",
  ),
  pooling: poolingField("mean", "The embedding, which travels with the encoder"),
  paddedLength: paddedLengthField,
  ...classifierOptions,
  highestScore: positiveNumber(
    5,
    "With objective regression: the end of the scale of scores, which begins at 0; above 0. Labels are scores divided by it (STS benchmark: 5).",
  ),
  margin: nonNegativeNumber(
    1,
    "With objective triplet: how much nearer the positive shall be than the negative, in Euclidean distance, from 0 on (Sentence-BERT: 1, sentence-transformers: 5).",
  ),
  gradientPenalty: nonNegativeNumber(
    0,
    "ε of a penalty on the gradient g by the word embeddings, ½ ε ‖g‖² of each batch, from 0 on; 0: there is none (the variant for LCQMC: 1). An update takes a little more than twice as long.",
  ),
  penaltyForm: choice(
    ["dense", "per-occurrence"],
    "dense",
    "Of the gradient penalty: gradients of a word's occurrences are added up and then squared (dense, the gradient as it is), or squared one by one (per-occurrence, as the variant's code does).",
  ),
  ...trainingOptions(defaults, "Pairs or triples", 1, 3),
  ...partsOptions,
  ...devOptions(1000, "sentence-transformers, NLI"),
  guards: guardsField({ diverged, collapsed }),
});

export default defineStage({
  name: "train-sbert",
  version: 1,
  description:
    "Teaches a bi-encoder from labels: classes or scores of pairs, or triples; one encoder for both sides or one for each (Sentence-BERT).",
  config,
  inputs: {
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder to start from; its head is dropped.",
    ),
    pairs: optionalInput(
      TokenPairs,
      "Pairs to learn from, tokenized with the model's tokenizer: for softmax and regression.",
    ),
    gold: optionalInput(
      Gold,
      "Their labels, from the same step as the pairs: classes as whole numbers from 0, or scores from 0 to highestScore.",
    ),
    anchors: optionalInput(Tokens, "For triplet: texts, tokenized with the model's tokenizer."),
    positives: optionalInput(Tokens, "For triplet: row by row a text that is to be nearer to the anchor."),
    negatives: optionalInput(Tokens, "For triplet: row by row a text that is to be farther from the anchor."),
    devPairs: optionalInput(
      TokenPairs,
      "A development set to look at while training: pairs, tokenized with the model's tokenizer.",
    ),
    devGold: optionalInput(Gold, "Its gold scores. They decide which weights are kept, and enter no gradient."),
  },
  outputs: {
    encoder: output(BiEncoder, "The trained encoder with its pooling; with towers apart that of first sides."),
    second: output(BiEncoder, "With towers apart the encoder of second sides; else the same encoder."),
    curve: output(
      TrainingCurve,
      "Loss by update; with softmax the share of pairs that were right, with a penalty its part of the loss, with a development set its Spearman × 100, alignment and uniformity at each look.",
    ),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-sbert")(function* ({ config, inputs, seed }) {
    const { model, devPairs, devGold, ...ports } = inputs;
    const { gradientPenalty, penaltyForm, towers } = config;
    const penalty = gradientPenalty === 0 ? {} : { penalty: { epsilon: gradientPenalty, form: penaltyForm } };
    const options = { ...config, pooling: poolingOf(config) };
    const asEncoder = (weights: Weights) => asBiEncoder(model, weights, options);
    const asSecond = (weights: Weights) => asBiEncoder(model, weightsUnder(weights, secondTower), options);
    const trained = yield* runTraining(async () => {
      const { sbert } = await import("../src/training/methods/sbert.ts");
      const { labelledTexts } = await import("../src/training/labelledTexts.ts");
      const { withDevelopment } = await import("../src/training/development.ts");
      const method = sbert(model, labelledTexts(model, ports, config), { ...options, ...penalty }, seed);
      const second = towers === "apart" ? asSecond : undefined;
      return withDevelopment(method, { devPairs, devGold }, config, asEncoder, second);
    }, config);
    const encoder = asEncoder(trained.weights);
    return { encoder, second: towers === "apart" ? asSecond(trained.weights) : encoder, curve: trained.curve };
  }),
});
