/**
 * `whiten`: an encoder whose embeddings have mean 0 and covariance I over given sentences, by a linear layer on its pooled states.
 * No training and no labels: the cheapest way to a better cosine, and the baseline that every trained method should beat.
 *
 * Source: Su, Cao, Liu, Ou, "Whitening Sentence Representations for Better Semantics and Faster Retrieval", arXiv 2103.15316
 * (BERT-whitening), which pools by `first-last` and whitens on the sentences of the task.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { BiEncoder, Tokens } from "../src/artifact/index.ts";
import { input, output } from "../src/core/ArtifactType.ts";
import { defineStage, Progress } from "../src/core/Stage.ts";
import { Engine } from "../src/engine/Engine.ts";
import { refuse } from "../src/inference/evaluation.ts";
import { precisionField } from "../src/inference/options.ts";
import { denseName } from "../src/nn/parameters.ts";
import { raggedRows } from "../src/nn/Ragged.ts";

/** Why there is nothing to whiten; undefined when there is. */
function mismatch(encoder: BiEncoder, sentences: Tokens, kept: number) {
  const { hiddenSize } = encoder.config;
  if (sentences.tokenizer !== encoder.tokenizer)
    return refuse(
      `The sentences were tokenized with tokenizer ${sentences.tokenizer.slice(0, 12)}, but the encoder was made for ${encoder.tokenizer.slice(0, 12)}.`,
      "Tokenize them with the tokenizer of the step that made the encoder: its port `tokenizer`.",
    );
  if (encoder.dense !== undefined)
    return refuse(
      "The encoder already has a linear layer on its pooled states.",
      "Whiten the encoder from before it was whitened.",
    );
  if (kept > hiddenSize)
    return refuse(`dimensions is ${kept}, but the encoder has ${hiddenSize}.`, `Set it to ${hiddenSize} or less.`);
  if (raggedRows(sentences.ids) <= kept)
    return refuse(
      `${raggedRows(sentences.ids)} sentences do not tell the variance of ${kept} dimensions.`,
      "Link more sentences than `dimensions`; some thousand give a steady estimate.",
    );
  return undefined;
}

export default defineStage({
  name: "whiten",
  version: 1,
  description:
    "Puts a linear layer on an encoder, after which its embeddings of the given sentences have mean 0 and covariance I (BERT-whitening).",
  config: Schema.Struct({
    precision: precisionField,
    dimensions: Schema.optionalKey(
      Schema.Int.check(Schema.isGreaterThan(0)).annotate({
        description:
          "Numbers of an embedding, from 1 to the model's width: the directions that vary most are kept (the paper: 256 of BERT base's 768, 384 of large's 1024). Default: all.",
      }),
    ),
  }),
  inputs: {
    encoder: input(BiEncoder, "The encoder to whiten."),
    sentences: input(Tokens, "Sentences whose embeddings shall be white, tokenized with the encoder's tokenizer."),
  },
  outputs: { encoder: output(BiEncoder, "The encoder with the layer.") },
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("whiten")(function* ({ config, inputs: { encoder, sentences } }) {
    const { hiddenSize } = encoder.config;
    const kept = config.dimensions ?? hiddenSize;
    const problem = mismatch(encoder, sentences, kept);
    if (problem !== undefined) return yield* problem;
    const progress = yield* Progress;
    const engine = yield* Engine;
    const { encodeTokens } = yield* Effect.promise(() => import("../src/inference/encode.ts"));
    const { inferenceFailure } = yield* Effect.promise(() => import("../src/inference/inferenceFailure.ts"));
    const { FlatEmbeddings, whitening } = yield* Effect.promise(() => import("../src/metrics/whitening.ts"));
    const embeddings = yield* Effect.tryPromise({
      // Scaling to unit length comes behind the layer, if at all.
      try: () =>
        encodeTokens({ ...encoder, normalize: false }, sentences.ids, engine, {
          precision: config.precision,
          isInterrupted: progress.isInterrupted,
          onProgress: (done, total) => progress.report({ done, total, unit: "sentences" }),
        }),
      catch: inferenceFailure,
    });
    const { weight, bias } = yield* Effect.try({
      try: () => whitening(embeddings, hiddenSize, kept),
      catch: (error) => {
        if (!(error instanceof FlatEmbeddings)) throw error;
        return refuse(`${error.message}.`, "Set `dimensions` lower, or link more and other sentences.");
      },
    });
    const weights = new Map([
      ...encoder.weights,
      [`${denseName}.weight`, { shape: [kept, hiddenSize], values: weight }],
      [`${denseName}.bias`, { shape: [kept], values: bias }],
    ]);
    return { encoder: { ...encoder, weights, dense: { dimension: kept } } };
  }),
});
