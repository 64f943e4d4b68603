/** `tokenize-pairs`: Pairs → TokenPairs, which remember the digest of their Pairs, so that scores and gold fit row by row. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Pairs, Tokenizer, TokenPairs } from "../src/artifact/index.ts";
import { input, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { encodeWithProgress } from "../src/model/encodeWithProgress.ts";

export default defineStage({
  name: "tokenize-pairs",
  version: 2,
  description: "Turns sentence pairs into the ids of a tokenizer, without special tokens and uncut.",
  config: Schema.Struct({}),
  inputs: {
    tokenizer: input(Tokenizer, "The tokenizer of the models that will read the ids"),
    pairs: input(Pairs, "The pairs"),
  },
  outputs: { tokens: output(TokenPairs, "Ids of both sides, row by row") },
  runsIn: "worker",
  run: Effect.fnUntraced(function* ({ inputs, inputDigests }) {
    const { tokenizer, pairs } = inputs;
    const [a, b] = yield* encodeWithProgress(tokenizer, [pairs.a, pairs.b], "sentences");
    return {
      tokens: {
        tokenizer: String(inputDigests["tokenizer"]),
        pairs: String(inputDigests["pairs"]),
        special: tokenizer.special,
        a: a!,
        b: b!,
      },
    };
  }),
});
