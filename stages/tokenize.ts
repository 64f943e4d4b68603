/** `tokenize`: Sentences → Tokens. Texts become ids once; encoders put special tokens around them and truncate. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Sentences, Tokenizer, Tokens } from "../src/artifact/index.ts";
import { input, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { encodeWithProgress } from "../src/model/encodeWithProgress.ts";

export default defineStage({
  name: "tokenize",
  version: 2,
  description: "Turns sentences into the ids of a tokenizer, without special tokens and uncut.",
  config: Schema.Struct({}),
  inputs: {
    tokenizer: input(Tokenizer, "The tokenizer of the model that will read the ids"),
    sentences: input(Sentences, "The sentences"),
  },
  outputs: { tokens: output(Tokens, "Ids, row by row") },
  runsIn: "worker",
  run: Effect.fnUntraced(function* ({ inputs, inputDigests }) {
    const { tokenizer, sentences } = inputs;
    const [ids] = yield* encodeWithProgress(tokenizer, [sentences.texts], "sentences");
    return { tokens: { tokenizer: String(inputDigests["tokenizer"]), special: tokenizer.special, ids: ids! } };
  }),
});
