/**
 * Pre-training by masked words: a fresh or further-trained encoder learns a language from bare sentences. What comes out is
 * the encoder without the head that guessed, once as a backbone and once with a pooling.
 *
 * Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019; without next-sentence prediction.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Tokens, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { poolingOf } from "../src/nn/pooling.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  flag,
  paddedLengthField,
  partsOptions,
  poolingField,
  type TrainingDefaults,
  trainingOptions,
} from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { asBackbone, asBiEncoder } from "../src/training/trainedModel.ts";

const { diverged } = guardFields;

const defaults: TrainingDefaults = {
  batchSize: 256,
  learningRate: 1e-4,
  epochs: 1,
  warmupRatio: 0.01,
  weightDecay: 0.01,
  optimizer: "adamw-transformers",
  maxTokens: 128,
  source: "BERT, one pass instead of 40",
};

const config = Schema.Struct({
  maskRatio: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true }))
    .annotate({
      description:
        "Share of the tokens to guess, above 0 to 1: of these 80 % are masked, 10 % replaced, 10 % kept (BERT: 0.15). Default 0.15.",
      default: 0.15,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(0.15))),
  wordHead: flag(
    false,
    "Keeps the head that guesses words in `model`, for `train-diffcse` as its generator, or to go on from; of no use elsewhere.",
  ).annotate({ absentMeans: false }),
  pooling: poolingField("mean", "How `encoder` makes an embedding"),
  paddedLength: paddedLengthField,
  ...trainingOptions(defaults, "Sentences", 1, 3),
  ...partsOptions,
  guards: guardsField({ diverged }),
});

export default defineStage({
  name: "pretrain-mlm",
  version: 1,
  description: "Trains an encoder to guess masked words of bare sentences (BERT's pre-training).",
  config,
  inputs: {
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder to start from, perhaps fresh; of its heads only one that guesses words is used.",
    ),
    sentences: input(Tokens, "Sentences to learn from, tokenized with the model's tokenizer."),
  },
  outputs: {
    model: output(Backbone, "The trained encoder without a head, or with that for words."),
    encoder: output(BiEncoder, "The trained encoder with `pooling`."),
    curve: output(TrainingCurve, "Loss by update: mean cross-entropy of the guessed words, in nats."),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("pretrain-mlm")(function* ({ config, inputs, seed }) {
    const { model, sentences } = inputs;
    const pooling = poolingOf(config);
    const trained = yield* runTraining(async () => {
      const { maskedLanguageModel } = await import("../src/training/methods/maskedLanguageModel.ts");
      const { requirePaddedLength } = await import("../src/training/checks.ts");
      requirePaddedLength(model.config, pooling);
      return maskedLanguageModel(model, sentences, config, seed);
    }, config);
    return {
      model: asBackbone(model, trained.weights, config.wordHead ? ["mlm"] : []),
      encoder: asBiEncoder(model, trained.weights, { ...config, pooling }),
      curve: trained.curve,
    };
  }),
});
