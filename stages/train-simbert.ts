/**
 * SimBERT: an encoder that both knows and writes what means the same. Of each group of similar sentences it learns to write one
 * from another, and to tell them from all others of the batch. What comes out is a bi-encoder that `generate-paraphrases` and
 * `pipeline paraphrase` can write with.
 *
 * Source: Su Jianlin, "SimBERT", 2020, and its released code; the defaults are its own, for Chinese. English needs longer texts:
 * set `maxCharacters` to 0 and `maxTokens` as long as sentences are.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Groups, Tokenizer, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, output } from "../src/core/ArtifactType.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage } from "../src/core/Stage.ts";
import { encodeWithProgress } from "../src/model/encodeWithProgress.ts";
import { firstClause } from "../src/text/firstClause.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import { positiveNumber, type TrainingDefaults, trainingOptions, wholeNumber } from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { asWritingEncoder } from "../src/training/trainedModel.ts";

const { diverged, collapsed } = guardFields;

const defaults: TrainingDefaults = {
  batchSize: 128,
  learningRate: 2e-6,
  epochs: 1,
  warmupRatio: 0,
  schedule: "constant",
  weightDecay: 0.01,
  decayed: "all",
  optimizer: "adamw-transformers",
  maxGradientNorm: 0,
  maxTokens: 32,
  source: "SimBERT",
};

const config = Schema.Struct({
  scale: positiveNumber(
    30,
    "What cosines are multiplied by before the softmax, above 0; a temperature of 1/scale (SimBERT: 30).",
  ),
  maxCharacters: wholeNumber(
    30,
    0,
    "Longest text in characters, from 0 on; longer ones end at the last border of a clause before it. 0: texts are cut by `maxTokens` only (SimBERT, Chinese: 30).",
  ),
  ...trainingOptions(defaults, "Rows, two for each group,", 4, 3),
  guards: guardsField({ diverged, collapsed }),
});

export default defineStage({
  name: "train-simbert",
  version: 1,
  description:
    "Trains an encoder on groups of similar sentences to write one from another and to tell them from all others (SimBERT).",
  config,
  inputs: {
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder to start from; a pooler and a head that guesses words are kept where it has them.",
    ),
    tokenizer: input(Tokenizer, "Its tokenizer."),
    groups: input(Groups, "Groups of at least two sentences that mean the same, from `read-groups` or `group-pairs`."),
  },
  outputs: {
    encoder: output(
      BiEncoder,
      "The trained encoder: a layer on [CLS] is its vector, and it keeps the head that writes.",
    ),
    curve: output(TrainingCurve, "Loss, and its two terms, by update."),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-simbert")(function* ({ config, inputs, inputDigests, seed }) {
    const { model, tokenizer, groups } = inputs;
    const digest = String(inputDigests["tokenizer"]);
    if (model.tokenizer !== digest)
      return yield* new StageFailure({
        cause: "stage-error",
        message: `Port "tokenizer" has ${digest.slice(0, 12)}, but the model was made for ${model.tokenizer.slice(0, 12)}.`,
        hint: "Link the port `tokenizer` of the step that made the model.",
      });
    const texts =
      config.maxCharacters === 0 ? groups.texts : groups.texts.map((text) => firstClause(text, config.maxCharacters));
    const [ids] = yield* encodeWithProgress(tokenizer, [texts], "sentences");
    const tokens = { special: tokenizer.special, ids: ids!, groups: groups.groups };
    const trained = yield* runTraining(async () => {
      const { simBert } = await import("../src/training/methods/simBert.ts");
      return simBert(model, tokens, config, seed);
    }, config);
    return { encoder: asWritingEncoder(model, trained.weights, config), curve: trained.curve };
  }),
});
