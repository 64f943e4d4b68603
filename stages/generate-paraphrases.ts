/**
 * `generate-paraphrases`: other words for sentences, written and ranked by an encoder of `train-simbert`: pairs to learn from where
 * there are none, with the encoder's own cosines as their scores.
 *
 * Source: Su Jianlin, "SimBERT", 2020: 100 samples among the 5 likeliest words, the 20 nearest of them; a later example of his
 * draws from the nucleus of 0.95 instead (`topK: 100000, topP: 0.95`).
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { BiEncoder, CosineScores, Pairs, type Scores, Sentences, Tokenizer } from "../src/artifact/index.ts";
import { input, output } from "../src/core/ArtifactType.ts";
import { contentDigest } from "../src/core/digest.ts";
import { defineStage, Progress } from "../src/core/Stage.ts";
import { Engine } from "../src/engine/Engine.ts";
import { refuse } from "../src/inference/evaluation.ts";
import { paraphraseDefaults as defaults } from "../src/inference/paraphraseFields.ts";
import { randomKey } from "../src/nn/random.ts";
import { fraction, wholeNumber } from "../src/training/options.ts";

const name = "generate-paraphrases";

export default defineStage({
  name,
  version: 1,
  description: "Writes other words for sentences with an encoder of train-simbert, and ranks them by its cosine.",
  config: Schema.Struct({
    samples: wholeNumber(defaults.samples, 1, "Texts written for each sentence, from 1 on (SimBERT: 100)."),
    keep: wholeNumber(defaults.keep, 1, "Of these the nearest that are kept, from 1 on (SimBERT: 20)."),
    topK: wholeNumber(defaults.topK, 1, "Each word is drawn among so many likeliest, from 1 on (SimBERT: 5)."),
    topP: fraction(
      defaults.topP,
      "Each word is drawn among the likeliest that together have this share of the probability, 0 to 1; 1 leaves none out (nucleus sampling: 0.95).",
    ),
    maxTokens: wholeNumber(
      defaults.maxTokens,
      3,
      "Longest sentence and longest text written, in tokens, special ones included; from 3 on (SimBERT: 32).",
    ),
  }),
  inputs: {
    encoder: input(BiEncoder, "An encoder that writes, from `train-simbert`."),
    tokenizer: input(Tokenizer, "Its tokenizer."),
    sentences: input(Sentences, "What to say otherwise."),
  },
  outputs: {
    pairs: output(Pairs, "Each sentence with each of its paraphrases, the nearest first."),
    scores: output(CosineScores, "Their cosines."),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn(name)(function* ({ config, inputs, inputDigests, seed }) {
    const { encoder, tokenizer, sentences } = inputs;
    const progress = yield* Progress;
    const engine = yield* Engine;
    const { canWrite } = yield* Effect.promise(() => import("../src/inference/continueTexts.ts"));
    const { inferenceFailure } = yield* Effect.promise(() => import("../src/inference/inferenceFailure.ts"));
    const { paraphraseTexts } = yield* Effect.promise(() => import("../src/inference/paraphraseTexts.ts"));
    const { textIds } = yield* Effect.promise(() => import("../src/model/decodeIds.ts"));
    if (encoder.tokenizer !== String(inputDigests["tokenizer"]))
      return yield* refuse(
        "The encoder was made for another tokenizer.",
        "Link the tokenizer of the step that made it.",
      );
    if (!canWrite(encoder))
      return yield* refuse("The encoder has no head that writes words.", "Link the encoder of a train-simbert step.");
    if (2 * config.maxTokens - 1 > encoder.config.maxPositions)
      return yield* refuse(
        `Two texts of maxTokens ${config.maxTokens} do not fit into the model's ${encoder.config.maxPositions} positions.`,
        `Set maxTokens to ${Math.floor((encoder.config.maxPositions + 1) / 2)} or less.`,
      );
    const found = yield* Effect.tryPromise({
      try: async () =>
        paraphraseTexts(encoder, sentences.texts, await textIds(tokenizer), engine, config, randomKey(seed, name), {
          isInterrupted: progress.isInterrupted,
          onProgress: (done, total) => progress.report({ done, total, unit: "words" }),
        }),
      catch: inferenceFailure,
    });
    const rows = found.flatMap((paraphrases, row) =>
      paraphrases.map(({ text, cosine }) => ({ a: sentences.texts[row]!, b: text, cosine })),
    );
    if (rows.length === 0)
      return yield* refuse(
        `Nothing new was written for any of ${sentences.texts.length} sentences.`,
        "Train the encoder longer, or set samples or topK higher.",
      );
    const pairs: Pairs = { a: rows.map(({ a }) => a), b: rows.map(({ b }) => b) };
    const digest = contentDigest(yield* Effect.promise(() => Pairs.encode(pairs)));
    const scores: Scores = { pairs: digest, range: "cosine", values: Float32Array.from(rows, (row) => row.cosine) };
    return { pairs, scores };
  }),
});
