/**
 * A bi-encoder taught by a teacher's scores: the cosine of a pair's embeddings learns to be the score. It starts from the
 * contrastive encoder again in each cycle.
 *
 * Source: Liu et al., "Trans-Encoder: Unsupervised sentence-pair modelling through self- and mutual-distillations", ICLR 2022.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Gold, Scores, TokenPairs, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, optionalInput, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { poolingOf } from "../src/nn/pooling.ts";
import type { Weights } from "../src/nn/Weights.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  anyPooling,
  biEncoderLosses,
  paddedLengthField,
  devOptions,
  partsOptions,
  type TrainingDefaults,
  trainingOptions,
} from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { asBiEncoder } from "../src/training/trainedModel.ts";

const { diverged, collapsed, labels } = guardFields;

const defaults: TrainingDefaults = {
  batchSize: 128,
  learningRate: 5e-5,
  epochs: 10,
  warmupRatio: 0,
  weightDecay: 0.01,
  optimizer: "adamw-transformers",
  maxTokens: 32,
  source: "Trans-Encoder, STS",
};

const config = Schema.Struct({
  loss: Schema.Literals(biEncoderLosses)
    .annotate({
      description:
        "mse: squared error between cosine and score (Trans-Encoder). To compare with it: log-cosh of them; bce: binary cross-entropy with the cosine as logit, so that probabilities reach 0.27 to 0.73 only. Default mse.",
      default: "mse",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("mse" as const))),
  pooling: Schema.optionalKey(anyPooling("The embedding", "the model's own where it is a bi-encoder, else cls")),
  paddedLength: paddedLengthField,
  ...trainingOptions(defaults, "Pairs", 1, 3),
  ...partsOptions,
  ...devOptions(200, "Trans-Encoder"),
  guards: guardsField({ diverged, collapsed, labels }),
});

export default defineStage({
  name: "train-bi-encoder",
  version: 1,
  description: "Teaches a bi-encoder the scores of a teacher (squared error on the cosine, Trans-Encoder).",
  config,
  inputs: {
    pairs: input(TokenPairs, "Pairs to learn from, tokenized with the model's tokenizer."),
    scores: input(Scores, "The teacher's score of each pair, taken as it is."),
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
    encoder: output(BiEncoder, "The trained encoder with its pooling."),
    curve: output(
      TrainingCurve,
      "Loss by update; with a development set its Spearman × 100, alignment and uniformity at each look.",
    ),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-bi-encoder")(function* ({ config, inputs, seed }) {
    const { model, pairs, scores } = inputs;
    const own = model.kind === "bi-encoder" ? model.pooling : "cls";
    const pooling = config.pooling === undefined ? own : poolingOf({ ...config, pooling: config.pooling });
    const asEncoder = (weights: Weights) => asBiEncoder(model, weights, { pooling, maxTokens: config.maxTokens });
    const trained = yield* runTraining(async () => {
      const { biEncoder } = await import("../src/training/methods/biEncoder.ts");
      const { withDevelopment } = await import("../src/training/development.ts");
      return withDevelopment(biEncoder(model, pairs, scores, pooling, config, seed), inputs, config, asEncoder);
    }, config);
    return { encoder: asEncoder(trained.weights), curve: trained.curve };
  }),
});
