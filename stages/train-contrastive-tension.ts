/**
 * Contrastive Tension: two copies of an encoder, trained apart, learn to agree on a sentence and to disagree on different ones.
 * One of them is kept. With `variant: in-batch` the other sentences of a batch are the different ones.
 *
 * Source: Carlsson et al., "Semantic Re-tuning with Contrastive Tension", ICLR 2021, and its released code; sentence-transformers
 * for its port and for in-batch negatives.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Gold, TokenPairs, Tokens, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, optionalInput, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import type { Weights } from "../src/nn/Weights.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  byForm,
  choice,
  devOptions,
  optimizerNames,
  paddedLengthField,
  partsOptions,
  poolingField,
  positiveNumber,
  scheduleNames,
  trainingOptions,
  wholeNumber,
} from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { keptTower, tensionDefaults, tensionMistake, tensionOptions } from "../src/training/tensionForms.ts";
import { secondTower } from "../src/training/tensionPairs.ts";
import { asBiEncoder, weightsUnder } from "../src/training/trainedModel.ts";

const { diverged, stuck, collapsed } = guardFields;

const formed = <S extends Schema.Top>(
  schema: S,
  field: Parameters<typeof tensionDefaults>[0],
  description: string,
  absent?: string,
) => byForm(schema, tensionDefaults(field), description, absent);

const above0 = Schema.Finite.check(Schema.isGreaterThan(0));
const from0 = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0));

/** What all trainings have; fields that the forms set differently are put in their place below. */
const common = trainingOptions(
  {
    batchSize: 16,
    learningRate: 1e-5,
    epochs: 1,
    warmupRatio: 0,
    weightDecay: 0,
    optimizer: "rmsprop",
    maxTokens: 75,
    source: "Contrastive Tension",
  },
  "Pairs",
  2,
  3,
);

const config = Schema.Struct({
  variant: choice(
    ["original", "in-batch"],
    "original",
    "original: drawn pairs, dot products, binary cross-entropy (the paper). in-batch: each sentence must find itself among those of its batch, with a scale that is learnt (sentence-transformers, not in the paper).",
  ),
  form: Schema.optionalKey(
    Schema.Literals(["code", "library"]).annotate({
      description:
        "Whose settings stand where a field is left out: code, the authors' TensorFlow, or library, sentence-transformers. They differ in reduction, sampling, dropout, optimizer, schedule, epochs and clipping. Default: code; in-batch has the library's alone.",
    }),
  ),
  pooling: poolingField("mean", "The embedding"),
  paddedLength: paddedLengthField,
  keep: Schema.optionalKey(
    Schema.Literals(["first", "second", "better"]).annotate({
      description:
        "Which of the two trained encoders is kept: first, second, or better, the one that orders the development set better, on a tie the second. Default: better where a development set is linked and the form is code, as the authors' code, else second, as the library.",
    }),
  ),
  negatives: wholeNumber(
    7,
    1,
    "Of the original: pairs of two sentences for each pair of a sentence with itself, K, from 1 on (the paper: 7). None shares a sentence with another pair but by chance. batchSize is a multiple of K + 1.",
  ),
  reduction: formed(
    Schema.Literals(["mean", "sum"]),
    "reduction",
    "Of the original: how the losses of a batch's pairs become one. It decides what a learning rate means where gradients are clipped.",
  ),
  sampling: formed(
    Schema.Literals(["replacement", "pass"]),
    "sampling",
    "Of the original: replacement draws every sentence anew from all; pass goes through the shuffled sentences once an epoch, none twice.",
  ),
  epochBatches: wholeNumber(
    500,
    1,
    "Of sampling with replacement: batches that count as an epoch, from 1 on (the authors' code: 500).",
  ),
  scale: positiveNumber(
    20,
    "Of in-batch: what similarities are multiplied by at first, above 0; its logarithm is trained, and decays as weights do (library: 20; its example: 1, with similarity dot).",
  ),
  similarity: choice(["cosine", "dot"], "cosine", "Of in-batch: what is scaled (library: cosine; its example: dot)."),
  ...common,
  batchSize: formed(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(2)),
    "batchSize",
    "Pairs in a batch, or with in-batch sentences, from 2 on.",
  ),
  learningRate: formed(above0, "learningRate", "Learning rate of the optimizer at its highest, above 0."),
  epochs: formed(above0, "epochs", "Passes over the data, or with replacement multiples of epochBatches, above 0."),
  warmupRatio: formed(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
    "warmupRatio",
    "Share of the updates over which the learning rate rises from 0, 0 to 1, rounded up; then it goes the way of `schedule`.",
  ),
  schedule: formed(
    Schema.Literals(scheduleNames),
    "schedule",
    "The way of the learning rate: linear to 0, constant, cosine to 0, stepwise by `rateSteps`, exponential by `decayRate`.",
  ),
  rateSteps: formed(
    Schema.Array(Schema.Struct({ after: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)), factor: from0 })),
    "rateSteps",
    "Of the schedule stepwise, in rising order: behind update `after` (index from 0) the learning rate is multiplied by `factor`, from 0 on.",
  ),
  optimizer: formed(
    Schema.Literals(optimizerNames),
    "optimizer",
    "The rule of the updates. Of the same learning rate rmsprop (PyTorch's) makes first steps that are three times those of rmsprop-keras.",
  ),
  weightDecay: formed(
    from0,
    "weightDecay",
    "Decay of the parameters that `decayed` names, from 0 on: of AdamW per unit of learning rate, of the other optimizers per unit of weight, added to the gradient.",
  ),
  maxGradientNorm: formed(
    from0,
    "maxGradientNorm",
    "Gradients longer than this, those of both encoders taken together, are scaled down to it; from 0 on, 0: they are never scaled.",
  ),
  dropout: formed(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true })),
    "dropout",
    "Dropout rate everywhere in both encoders, 0 to below 1.",
    "the model's own rates",
  ),
  ...partsOptions,
  ...devOptions(500, "the authors' code: after each of its epochs of 500 batches"),
  guards: guardsField({ diverged, stuck, collapsed }),
}).check(Schema.makeFilter(tensionMistake));

export default defineStage({
  name: "train-contrastive-tension",
  version: 1,
  description:
    "Trains a bi-encoder on bare sentences: two copies of it learn to agree on a sentence and to disagree on different ones (Contrastive Tension).",
  config,
  inputs: {
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder that both copies start from; its head is dropped.",
    ),
    sentences: input(Tokens, "Sentences to learn from, tokenized with the model's tokenizer."),
    devPairs: optionalInput(
      TokenPairs,
      "A development set to look at while training: pairs, tokenized with the model's tokenizer.",
    ),
    devGold: optionalInput(
      Gold,
      "Its gold scores. They decide which weights and which encoder are kept, and enter no gradient.",
    ),
  },
  outputs: {
    encoder: output(BiEncoder, "The encoder that is kept, with its pooling."),
    curve: output(
      TrainingCurve,
      "Loss by update; of the original the mean dot product of pairs of one sentence and of two, of in-batch the scale and the loss at a collapse (ln N); with a development set its Spearman × 100, alignment and uniformity at each look.",
    ),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-contrastive-tension")(function* ({ config, inputs, seed }) {
    const { model, sentences } = inputs;
    const options = tensionOptions(config);
    const keep = keptTower(config, inputs.devPairs !== undefined || inputs.devGold !== undefined);
    const asEncoder = (weights: Weights, tower: "first" | "second") =>
      asBiEncoder(model, tower === "first" ? weights : weightsUnder(weights, secondTower), options);
    const trained = yield* runTraining(async () => {
      const { contrastiveTension } = await import("../src/training/methods/contrastiveTension.ts");
      const { withDevelopment } = await import("../src/training/development.ts");
      const { withBetterTower } = await import("../src/training/betterTower.ts");
      const method = contrastiveTension(model, sentences, options, seed);
      return keep === "better"
        ? withBetterTower(method, inputs, config, asEncoder)
        : withDevelopment(method, inputs, config, (weights) => asEncoder(weights, keep));
    }, options);
    const { betterTower } = yield* Effect.promise(() => import("../src/training/betterTower.ts"));
    const kept = keep === "better" ? betterTower(trained.curve, config) : keep;
    return { encoder: asEncoder(trained.weights, kept), curve: trained.curve };
  }),
});
