/**
 * A bi-encoder taught by a teacher's scores: the cosine of a pair's embeddings learns to be the score. It starts from the
 * contrastive encoder again in each cycle.
 *
 * Source: Liu et al., "Trans-Encoder: Unsupervised sentence-pair modelling through self- and mutual-distillations", ICLR 2022.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Scores, TokenPairs, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { poolingOf } from "../src/nn/pooling.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  anyPooling,
  paddedLengthField,
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
  loss: Schema.Literals(["mse"])
    .annotate({ description: "Squared error between cosine and score. Default mse.", default: "mse" })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("mse" as const))),
  pooling: Schema.optionalKey(anyPooling("The embedding", "the model's own where it is a bi-encoder, else cls")),
  paddedLength: paddedLengthField,
  ...trainingOptions(defaults, "Pairs", 1, 3),
  ...partsOptions,
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
  },
  outputs: {
    encoder: output(BiEncoder, "The trained encoder with its pooling."),
    curve: output(TrainingCurve, "Loss by update."),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-bi-encoder")(function* ({ config, inputs, seed }) {
    const { model, pairs, scores } = inputs;
    const own = model.kind === "bi-encoder" ? model.pooling : "cls";
    const pooling = config.pooling === undefined ? own : poolingOf({ ...config, pooling: config.pooling });
    const trained = yield* runTraining(async () => {
      const { biEncoder } = await import("../src/training/methods/biEncoder.ts");
      return biEncoder(model, pairs, scores, pooling, config, seed);
    }, config);
    return {
      encoder: asBiEncoder(model, trained.weights, { pooling, maxTokens: config.maxTokens }),
      curve: trained.curve,
    };
  }),
});
