/**
 * Scores pairs with an encoder, for others to learn from: raw cosines from a bi-encoder, probabilities (sigmoid of the logit,
 * one order, as given) from a cross-encoder. The range is part of the output's type, so that the two are never mixed up.
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { BiEncoder, CosineScores, CrossEncoder, ProbabilityScores, TokenPairs } from "../src/artifact/index.ts";
import { input, inputOneOf, outputFrom } from "../src/core/ArtifactType.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage, Progress } from "../src/core/Stage.ts";
import { Engine } from "../src/engine/Engine.ts";
import { precisionField } from "../src/inference/options.ts";

export default defineStage({
  name: "pseudo-label",
  version: 1,
  description: "Scores pairs with an encoder: cosines from a bi-encoder, probabilities from a cross-encoder.",
  config: Schema.Struct({ precision: precisionField }),
  inputs: {
    pairs: input(TokenPairs, "Pairs to score, tokenized with the encoder's tokenizer."),
    encoder: inputOneOf<BiEncoder | CrossEncoder>([BiEncoder, CrossEncoder], "The teacher."),
  },
  outputs: {
    scores: outputFrom(
      ({ encoder }) => (encoder?.name === CrossEncoder.name ? ProbabilityScores : CosineScores),
      "One score for each pair, in their order.",
    ),
  },
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("pseudo-label")(function* ({ config: { precision }, inputs: { pairs, encoder } }) {
    if (encoder.tokenizer !== pairs.tokenizer)
      return yield* new StageFailure({
        cause: "stage-error",
        message: `The pairs were tokenized with tokenizer ${pairs.tokenizer.slice(0, 12)}, but the encoder was made for ${encoder.tokenizer.slice(0, 12)}.`,
        hint: "Tokenize the pairs with the tokenizer of the step that made the encoder: its port `tokenizer`.",
      });
    const progress = yield* Progress;
    const engine = yield* Engine;
    const { scorePairs } = yield* Effect.promise(() => import("../src/inference/score.ts"));
    const { inferenceFailure } = yield* Effect.promise(() => import("../src/inference/inferenceFailure.ts"));
    const unit = encoder.kind === "bi-encoder" ? "sentences" : "pairs";
    const values = yield* Effect.tryPromise({
      try: () =>
        scorePairs(encoder, pairs, engine, {
          precision,
          isInterrupted: progress.isInterrupted,
          onProgress: (done, total) => progress.report({ done, total, unit }),
        }),
      catch: inferenceFailure,
    });
    const range = encoder.kind === "bi-encoder" ? ("cosine" as const) : ("probability" as const);
    return { scores: { pairs: pairs.pairs, range, values } };
  }),
});
