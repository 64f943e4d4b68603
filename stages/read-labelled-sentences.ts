/**
 * `read-labelled-sentences`: tab-separated files of sentences with classes → Sentences and their Gold, row by row. For
 * `evaluate-transfer`; nothing else takes the gold of sentences.
 *
 * UTF-8, a header line with `sentence` and the column of labels, no quoting or escaping.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Gold, Sentences } from "../src/artifact/index.ts";
import { output } from "../src/core/ArtifactType.ts";
import { contentDigest } from "../src/core/digest.ts";
import { fileFailure } from "../src/core/errors.ts";
import { path } from "../src/core/path.ts";
import { defineStage, type SourceFile } from "../src/core/Stage.ts";
import { numberColumn, readTable, textColumn } from "../src/text/tableFile.ts";

const config = Schema.Struct({
  path: path(
    "A file, or a glob of files (taken in order of their names): tab-separated, with a header of sentence and label.",
    { named: true },
  ),
  labelColumn: Schema.NonEmptyString.annotate({
    description: "The column of labels. Default label.",
    default: "label",
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed("label"))),
  classes: Schema.optionalKey(
    Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(2), Schema.isUnique()).annotate({
      description:
        "What may stand in the column where it names classes; the first becomes 0, the next 1: [negative, positive]. Default: the column holds the numbers 0, 1, 2 …",
    }),
  ),
});

const layout = "wanted is a first line of column names, sentence and label, with a tab between them";

async function readFileOf(file: SourceFile, { labelColumn, classes }: typeof config.Type) {
  const table = readTable(await readFile(file.path), ["sentence", labelColumn], layout, "sentence");
  return {
    set: basename(file.path).replace(/\.[^.]+$/, ""),
    texts: textColumn(table, "sentence"),
    labels: numberColumn(table, labelColumn, classes),
  };
}

export default defineStage({
  name: "read-labelled-sentences",
  version: 1,
  description: "Reads sentences and their classes from tab-separated files with a header, without quoting.",
  config,
  inputs: {},
  outputs: {
    sentences: output(Sentences, "The sentences of all files, one after the other"),
    gold: output(Gold, "Their classes, each with the name of its file"),
  },
  run: Effect.fnUntraced(function* ({ config, files }) {
    const sets: Array<Awaited<ReturnType<typeof readFileOf>>> = [];
    for (const file of files["path"] ?? [])
      sets.push(
        yield* Effect.tryPromise({
          try: () => readFileOf(file, config),
          catch: (cause) => fileFailure(file.path, cause),
        }),
      );
    const sentences: Sentences = { texts: sets.flatMap((set) => set.texts) };
    const digest = contentDigest(yield* Effect.promise(() => Sentences.encode(sentences)));
    const gold: Gold = {
      pairs: digest,
      scores: Float64Array.from(sets.flatMap((set) => set.labels)),
      sets: sets.flatMap((set) => set.texts.map(() => set.set)),
      ...(config.classes === undefined ? {} : { classes: config.classes }),
    };
    return { sentences, gold };
  }),
});
