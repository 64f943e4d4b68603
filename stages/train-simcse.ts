/**
 * Unsupervised SimCSE: each sentence goes through the encoder twice under independent dropout, and one view must find the
 * other among all of the batch. What comes out is a bi-encoder that never saw a label.
 *
 * Source: Gao, Yao, Chen, "SimCSE: Simple Contrastive Learning of Sentence Embeddings", EMNLP 2021, and its released code.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Tokens, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { poolingOf } from "../src/nn/pooling.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  paddedLengthField,
  partsOptions,
  poolingField,
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

const config = Schema.Struct({
  temperature: positiveNumber(0.05, "What cosines are divided by before the softmax, above 0 (SimCSE: 0.05)."),
  pooling: poolingField("cls", "The embedding, which travels with the encoder"),
  paddedLength: paddedLengthField,
  projection: Schema.optionalKey(
    Schema.Boolean.annotate({
      description:
        "A dense layer with tanh on the embedding, trained from fresh weights and dropped afterwards. Default: with pooling cls only, as SimCSE's code.",
    }),
  ),
  ...trainingOptions(defaults, "Sentences", 2, 3),
  ...partsOptions,
  guards: guardsField({ diverged, stuck, collapsed }),
});

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
  },
  outputs: {
    encoder: output(BiEncoder, "The trained encoder with its pooling."),
    curve: output(TrainingCurve, "Loss, its value at a collapse (ln N), alignment and uniformity by update."),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-simcse")(function* ({ config, inputs, seed }) {
    const { model, sentences } = inputs;
    const pooling = poolingOf(config);
    const trained = yield* runTraining(async () => {
      const { simCse } = await import("../src/training/methods/simCse.ts");
      return simCse(model, sentences, { ...config, pooling }, seed);
    }, config);
    return { encoder: asBiEncoder(model, trained.weights, { ...config, pooling }), curve: trained.curve };
  }),
});
