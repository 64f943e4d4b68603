/**
 * `train-word-vectors`: word vectors from co-occurrence counts (positive PMI and its singular value decomposition), put into the
 * word table of an encoder. For a fresh encoder with minutes of training ahead it is the useful start that pre-training by masked
 * words needs hours for. With `align`, attention starts so that a cross-encoder can compare two sentences at once.
 *
 * Source: Levy, Goldberg, Dagan, "Improving Distributional Similarity with Lessons Learned from Word Embeddings", TACL 2015.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Tokens } from "../src/artifact/index.ts";
import { input, inputOneOf, output } from "../src/core/ArtifactType.ts";
import { defineStage, Progress } from "../src/core/Stage.ts";
import { poolingOf } from "../src/nn/pooling.ts";
import { flag, fraction, paddedLengthField, poolingField, wholeNumber } from "../src/training/options.ts";
import { asStageFailure } from "../src/training/runTraining.ts";

const config = Schema.Struct({
  window: wholeNumber(5, 1, "Words to either side that count as company, from 1 on."),
  smoothing: fraction(
    0.75,
    "Power of the context's frequency in the mutual information, 0 to 1: below 1, rare contexts count less.",
  ),
  align: flag(
    false,
    "Starts the first attention layer as a soft aligner of two sentences and the last one as an average; for fresh encoders only.",
  ),
  pooling: poolingField("mean", "How `encoder` makes an embedding"),
  paddedLength: paddedLengthField,
  maxTokens: wholeNumber(32, 3, "Longest input of `encoder` in tokens, special ones included. From 3 on."),
});

export default defineStage({
  name: "train-word-vectors",
  version: 1,
  description:
    "Gives a fresh encoder word vectors counted from bare sentences (positive PMI and SVD): no gradient, seconds.",
  config,
  inputs: {
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder whose word table is replaced, usually fresh; its head is dropped.",
    ),
    sentences: input(Tokens, "Sentences to count in, tokenized with the model's tokenizer."),
  },
  outputs: {
    model: output(Backbone, "The encoder with word vectors, without a head."),
    encoder: output(BiEncoder, "The same with `pooling`."),
  },
  usesSeed: true,
  runsIn: "worker",
  run: Effect.fn("train-word-vectors")(function* ({ config, inputs, seed }) {
    const progress = yield* Progress;
    const { model } = inputs;
    const pooling = poolingOf(config);
    const weights = yield* Effect.tryPromise({
      try: async () => {
        const { withWordVectors } = await import("../src/training/wordVectors/withWordVectors.ts");
        const { requirePaddedLength } = await import("../src/training/checks.ts");
        requirePaddedLength(model.config, pooling);
        return withWordVectors(model, inputs.sentences, config, seed, (done, total) =>
          progress.report({ done, total, unit: "passes" }),
        );
      },
      catch: asStageFailure,
    });
    const { asBackbone, asBiEncoder } = yield* Effect.promise(() => import("../src/training/trainedModel.ts"));
    return { model: asBackbone(model, weights), encoder: asBiEncoder(model, weights, { ...config, pooling }) };
  }),
});
