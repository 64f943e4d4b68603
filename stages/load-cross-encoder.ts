/**
 * `load-cross-encoder`: a cross-encoder from a Hugging Face folder whose checkpoint has a classifier of one label, such as those
 * that sentence-transformers trains: to score pairs, as a teacher, or to be evaluated. Its score is the sigmoid of the logit,
 * whatever activation the folder names; where that is none, the order of pairs is the same.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { CrossEncoder, Tokenizer } from "../src/artifact/index.ts";
import { output } from "../src/core/ArtifactType.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage } from "../src/core/Stage.ts";
import { modelFailure } from "../src/model/modelFailure.ts";
import { crossEncoderWeights } from "../src/model/modelFolder.ts";
import { fromFolder, source } from "./load-model.ts";

const config = Schema.Struct({
  source,
  maxTokens: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(5)).annotate({
      description: "Longest pair in tokens, special ones included, from 5 on. Default: what the model allows.",
    }),
  ),
});

export default defineStage({
  name: "load-cross-encoder",
  version: 1,
  description:
    "Reads a cross-encoder, a checkpoint with a classifier of one label, and its tokenizer from a Hugging Face folder.",
  config,
  inputs: {},
  outputs: {
    encoder: output(CrossEncoder, "The cross-encoder with its head"),
    tokenizer: output(Tokenizer, "Its tokenizer"),
  },
  runsIn: "worker",
  run: Effect.fnUntraced(function* ({ config, files }) {
    const loaded = yield* Effect.tryPromise({
      try: () => fromFolder(config.source, files["source"] ?? []),
      catch: modelFailure,
    });
    const { config: shape, tokenizer, tokenizerDigest } = loaded;
    const weights = crossEncoderWeights(loaded);
    if (weights === undefined)
      return yield* fail(
        `${config.source} holds no cross-encoder: its checkpoint has ${headOf(loaded.labels)}`,
        "read its encoder with load-model, and train a head on it with train-cross-encoder",
      );
    const maxTokens = config.maxTokens ?? loaded.maxTokens;
    if (maxTokens > shape.maxPositions)
      return yield* fail(
        `maxTokens is ${maxTokens}, but the model has positions for ${shape.maxPositions} tokens`,
        `set maxTokens to ${shape.maxPositions} or less`,
      );
    const facts = { config: shape, tokenizer: tokenizerDigest, special: tokenizer.special };
    const encoder: CrossEncoder = { kind: "cross-encoder", ...facts, weights, maxTokens };
    return { encoder, tokenizer };
  }),
});

const fail = (message: string, hint: string) => new StageFailure({ cause: "stage-error", message, hint });

function headOf(labels: number | undefined): string {
  if (labels === undefined) return "no classifier";
  return labels === 1 ? "a part of a classifier only" : `a classifier of ${labels} labels, wanted is one`;
}
