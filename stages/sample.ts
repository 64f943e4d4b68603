/** `sample`: a seeded choice of rows, in their old order; Sentences or Pairs in, the same out. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Pairs, Sentences } from "../src/artifact/index.ts";
import { inputOneOf, outputSameAs } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { selectRows, type TextRows } from "../src/artifact/textRows.ts";
import { permutation, randomKey } from "../src/nn/random.ts";

const config = Schema.Struct({
  rows: Schema.Int.check(Schema.isGreaterThan(0)).annotate({
    description: "Number of rows to keep, from 1 on; all are kept where there are not more.",
  }),
});

export default defineStage({
  name: "sample",
  version: 1,
  description: "Keeps a seeded sample of the rows of Sentences or Pairs, in their old order.",
  config,
  inputs: { from: inputOneOf<TextRows>([Sentences, Pairs], "Sentences or Pairs") },
  outputs: { sample: outputSameAs<TextRows>("from", "The rows kept") },
  usesSeed: true,
  run: ({ config, inputs, seed }) =>
    Effect.sync(() => ({
      sample: selectRows(inputs.from, (length) =>
        permutation(randomKey("sample", seed), length).slice(0, config.rows).sort(),
      ),
    })),
});
