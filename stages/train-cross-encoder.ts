/**
 * A cross-encoder taught by a teacher's scores: it reads both sentences of a pair at once and learns the score as the
 * probability that they mean the same. It starts from a plain encoder, so that it is no copy of its teacher.
 *
 * Source: Liu et al., "Trans-Encoder: Unsupervised sentence-pair modelling through self- and mutual-distillations", ICLR 2022.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Gold, Scores, TokenPairs, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, optionalInput, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import type { Weights } from "../src/nn/Weights.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  crossEncoderLosses,
  flag,
  devOptions,
  partsOptions,
  type TrainingDefaults,
  trainingOptions,
} from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { asCrossEncoder, withOneLogit } from "../src/training/trainedModel.ts";

const { diverged, labels } = guardFields;

const defaults: TrainingDefaults = {
  batchSize: 32,
  learningRate: 2e-5,
  epochs: 1,
  warmupRatio: 0.1,
  weightDecay: 0.01,
  optimizer: "adamw-transformers",
  maxTokens: 64,
  source: "Trans-Encoder, STS",
};

const config = Schema.Struct({
  loss: Schema.Literals(crossEncoderLosses)
    .annotate({
      description:
        "bce: binary cross-entropy on the logit, with the score as soft label (Trans-Encoder). To compare with it: mse and log-cosh of probability and score, which repeat the teacher; softmax: cross-entropy over two classes, whose logits become one when the training ends. Default bce.",
      default: "bce",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("bce" as const))),
  labels: Schema.Literals(["cosine-raw", "clamp", "affine"])
    .annotate({
      description:
        "What is done to cosines below 0, with which the loss has no lower bound: nothing (as the reference code), cut to 0, or (score + 1) / 2 for all. Probabilities are taken as they are. Default cosine-raw.",
      default: "cosine-raw",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("cosine-raw" as const))),
  bothOrders: flag(true, "Each pair is learnt as (a, b) and as (b, a), two rows (Trans-Encoder; not for QNLI)."),
  ...trainingOptions(defaults, "Pairs", 1, 5),
  ...partsOptions,
  ...devOptions(200, "Trans-Encoder"),
  guards: guardsField({ diverged, labels }),
});

export default defineStage({
  name: "train-cross-encoder",
  version: 1,
  description: "Teaches a cross-encoder the scores of a teacher (soft binary cross-entropy on logits, Trans-Encoder).",
  config,
  inputs: {
    pairs: input(TokenPairs, "Pairs to learn from, tokenized with the model's tokenizer."),
    scores: input(Scores, "The teacher's score of each pair."),
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder to start from; its head is dropped.",
    ),
    devPairs: optionalInput(
      TokenPairs,
      "A development set to look at while training: pairs, tokenized with the model's tokenizer.",
    ),
    devGold: optionalInput(Gold, "Its gold scores. They decide which weights are kept, and enter no gradient."),
  },
  outputs: {
    encoder: output(CrossEncoder, "The trained cross-encoder with its head."),
    curve: output(
      TrainingCurve,
      "Loss by update, and for bce and softmax the labels' entropy, which is the least it can be; with a development set its Spearman × 100 at each look.",
    ),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-cross-encoder")(function* ({ config, inputs, seed }) {
    const { model, pairs, scores } = inputs;
    const asEncoder = (weights: Weights) => asCrossEncoder(model, withOneLogit(weights), config);
    const trained = yield* runTraining(async () => {
      const { crossEncoder } = await import("../src/training/methods/crossEncoder.ts");
      const { withDevelopment } = await import("../src/training/development.ts");
      return withDevelopment(crossEncoder(model, pairs, scores, config, seed), inputs, config, asEncoder);
    }, config);
    return { encoder: asEncoder(trained.weights), curve: trained.curve };
  }),
});
