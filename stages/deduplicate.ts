/**
 * `deduplicate`: the first of equal rows, in their old order; Sentences or Pairs in, the same out.
 *
 * Texts are compared as they are. Of pairs both sides must be equal, which is what the reference code of Trans-Encoder does
 * (it compares the two sides written one after the other).
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Pairs, Sentences } from "../src/artifact/index.ts";
import { inputOneOf, outputSameAs } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { firstRows, selectRows, type TextRows } from "../src/artifact/textRows.ts";

export default defineStage({
  name: "deduplicate",
  version: 1,
  description: "Keeps the first of equal rows of Sentences or Pairs; a pair and its mirror image are two rows.",
  config: Schema.Struct({}),
  inputs: { from: inputOneOf<TextRows>([Sentences, Pairs], "Sentences or Pairs") },
  outputs: { unique: outputSameAs<TextRows>("from", "The rows kept") },
  run: ({ inputs }) => Effect.sync(() => ({ unique: selectRows(inputs.from, () => firstRows(inputs.from)) })),
});
