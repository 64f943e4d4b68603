/**
 * `read-pairs`: tab-separated files of sentence pairs → Pairs, and Gold where there is a score column.
 *
 * The format is plain: UTF-8, a header line with `sentence1`, `sentence2` and perhaps `score`, no quoting or escaping (a `"` is a
 * character like any other). Columns of other names count where a setting names them.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Gold, Pairs } from "../src/artifact/index.ts";
import { output } from "../src/core/ArtifactType.ts";
import { contentDigest } from "../src/core/digest.ts";
import { fileFailure, StageFailure } from "../src/core/errors.ts";
import { folder, path } from "../src/core/path.ts";
import { defineStage, type SourceFile } from "../src/core/Stage.ts";
import { numberColumn, readTable, textColumn } from "../src/text/tableFile.ts";
import { inTextForm, textForms } from "../src/text/textForm.ts";

const suffix = ".tsv";

const config = Schema.Struct({
  path: Schema.optionalKey(
    path(
      "A pair file, or a glob of pair files (taken in order of their names): tab-separated, with a header of sentence1, sentence2 and perhaps score. Each file is a set, named as the file without its ending.",
      { named: true },
    ),
  ),
  folder: Schema.optionalKey(
    folder("A folder of pair files, of which `names` says the ones to read. Instead of `path`.", {
      namesIn: "names",
      suffix,
    }),
  ),
  names: Schema.optionalKey(
    Schema.NonEmptyArray(Schema.NonEmptyString).annotate({
      description: "With `folder`: names of the files in it without `.tsv`, in the order wanted: [sts12, sts13].",
    }),
  ),
  scoreColumn: Schema.NonEmptyString.annotate({
    description: "The column of the gold scores or labels. Default score.",
    default: "score",
    absentMeans: "score",
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed("score"))),
  classes: Schema.optionalKey(
    Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(2), Schema.isUnique()).annotate({
      description:
        "What may stand in the score column where it names classes; the first becomes 0, the next 1: [contradiction, neutral, entailment]. Default: the column holds numbers.",
    }),
  ),
  subsetColumn: Schema.optionalKey(
    Schema.NonEmptyString.annotate({
      description:
        "A column that says which part of its set a row is from, for `evaluate-sts` with `aggregate: mean` or `wmean`. Default: none is read.",
    }),
  ),
  textForm: Schema.Literals(textForms)
    .annotate({
      description:
        "raw: texts as they stand in the file (Trans-Encoder, Mirror-BERT). moses: English with punctuation apart, as the Moses tokenizer leaves it (SentEval's SICK); moses-lower: the same in lower case (SentEval's STS: SimCSE, DiffCSE). An uncased BERT hardly feels it, a cased model does. Default raw.",
      default: "raw",
      absentMeans: "raw",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("raw" as const))),
}).check(
  Schema.makeFilter((value) =>
    (value.path !== undefined) !== (value.folder !== undefined && value.names !== undefined)
      ? undefined
      : "read-pairs needs either `path`, or `folder` together with `names`",
  ),
);
type Config = typeof config.Type;

interface PairFile {
  readonly set: string;
  readonly a: ReadonlyArray<string>;
  readonly b: ReadonlyArray<string>;
  /** Empty where the file has no score column. */
  readonly scores: ReadonlyArray<number>;
  /** Empty where none are asked for. */
  readonly subsets: ReadonlyArray<string>;
}

const layout = "wanted is a first line of column names, sentence1, sentence2 and perhaps score, with tabs between them";

async function readPairFile(file: SourceFile, { scoreColumn, classes, subsetColumn, textForm }: Config) {
  const named = [scoreColumn === "score" ? undefined : scoreColumn, subsetColumn].filter((name) => name !== undefined);
  const wanted = ["sentence1", "sentence2", ...named];
  const table = readTable(await readFile(file.path), wanted, layout, "pair");
  const texts = (column: string) => textColumn(table, column).map((text) => inTextForm(text, textForm));
  const pairFile: PairFile = {
    set: basename(file.path).replace(/\.[^.]+$/, ""),
    a: texts("sentence1"),
    b: texts("sentence2"),
    scores: table.columns.includes(scoreColumn) ? numberColumn(table, scoreColumn, classes) : [],
    subsets: subsetColumn === undefined ? [] : textColumn(table, subsetColumn),
  };
  return pairFile;
}

/** The files to read, in the order wanted. */
const chosenFiles = Effect.fnUntraced(function* (
  names: ReadonlyArray<string> | undefined,
  written: string,
  files: { readonly [field: string]: ReadonlyArray<SourceFile> },
) {
  if (names === undefined) return files["path"] ?? [];
  const inFolder = new Map((files["folder"] ?? []).map((file) => [file.name, file]));
  const missing = names.filter((name) => !inFolder.has(name + suffix));
  if (missing.length > 0)
    return yield* new StageFailure({
      cause: "stage-error",
      message: `${written} has no ${missing.map((name) => name + suffix).join(", ")}`,
      hint: "names are those of files in the folder, without .tsv",
      path: written,
    });
  return names.map((name) => inFolder.get(name + suffix)!);
});

export default defineStage({
  name: "read-pairs",
  version: 1,
  description:
    "Reads sentence pairs, and their gold scores where there are any, from tab-separated files with a header, without quoting.",
  config,
  inputs: {},
  outputs: {
    pairs: output(Pairs, "The pairs of all files, one after the other"),
    gold: output(Gold, "Their scores, each with the name of its file; without scores where a file has no such column"),
  },
  run: Effect.fnUntraced(function* ({ config, files }) {
    const sets: Array<PairFile> = [];
    for (const file of yield* chosenFiles(config.names, config.folder ?? "", files))
      sets.push(
        yield* Effect.tryPromise({
          try: () => readPairFile(file, config),
          catch: (cause) => fileFailure(file.path, cause),
        }),
      );
    const pairs: Pairs = { a: sets.flatMap((set) => set.a), b: sets.flatMap((set) => set.b) };
    const digest = contentDigest(yield* Effect.promise(() => Pairs.encode(pairs)));
    const scored = sets.every((set) => set.scores.length > 0);
    const gold: Gold = {
      pairs: digest,
      scores: Float64Array.from(scored ? sets.flatMap((set) => set.scores) : []),
      sets: sets.flatMap((set) => set.a.map(() => set.set)),
      ...(config.subsetColumn === undefined ? {} : { subsets: sets.flatMap((set) => set.subsets) }),
      ...(config.classes === undefined ? {} : { classes: config.classes }),
    };
    return { pairs, gold };
  }),
});
