/**
 * `read-pairs`: tab-separated files of sentence pairs → Pairs, and Gold where there is a score column.
 *
 * The format is plain: UTF-8, a header line with `sentence1`, `sentence2` and perhaps `score`, further columns ignored, no
 * quoting or escaping (a `"` is a character like any other).
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Gold, Pairs } from "../src/artifact/index.ts";
import { output } from "../src/core/ArtifactType.ts";
import { contentDigest } from "../src/core/digest.ts";
import { StageFailure } from "../src/core/errors.ts";
import { folder, path } from "../src/core/path.ts";
import { defineStage, type SourceFile } from "../src/core/Stage.ts";
import { decodeLines, TextProblem } from "../src/text/decodeLines.ts";

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
}).check(
  Schema.makeFilter((value) =>
    (value.path !== undefined) !== (value.folder !== undefined && value.names !== undefined)
      ? undefined
      : "read-pairs needs either `path`, or `folder` together with `names`",
  ),
);

interface PairFile {
  readonly set: string;
  readonly a: ReadonlyArray<string>;
  readonly b: ReadonlyArray<string>;
  /** Empty where the file has no score column. */
  readonly scores: ReadonlyArray<number>;
}

const layout = "wanted is a first line of column names, sentence1, sentence2 and perhaps score, with tabs between them";
const everyScore = "where there is a score column every row has a number in it; without the column none needs one";

async function readPairFile(file: SourceFile): Promise<PairFile> {
  const [header, ...lines] = decodeLines(await readFile(file.path));
  if (header === undefined) throw new TextProblem("the file is empty", layout);
  const columns = header.split("\t").map((name) => name.trim());
  const [one, other, score] = ["sentence1", "sentence2", "score"].map((name) => columns.indexOf(name)) as [
    number,
    number,
    number,
  ];
  const missing = [one < 0 ? "sentence1" : "", other < 0 ? "sentence2" : ""].filter((name) => name !== "");
  if (missing.length > 0)
    throw new TextProblem(
      `the header lacks the column ${missing.join(" and ")}: it has ${columns.join(", ")}`,
      layout,
      1,
    );
  const rows = lines.flatMap((line, i) => (line === "" ? [] : [readRow(line, i + 2, columns, { one, other, score })]));
  if (rows.length === 0) throw new TextProblem("there is no pair after the header", layout);
  return {
    set: basename(file.path).replace(/\.[^.]+$/, ""),
    a: rows.map((row) => row.a),
    b: rows.map((row) => row.b),
    scores: score < 0 ? [] : rows.map((row) => row.score),
  };
}

interface ColumnIndexes {
  readonly one: number;
  readonly other: number;
  /** -1 where there is none. */
  readonly score: number;
}

function readRow(text: string, line: number, columns: ReadonlyArray<string>, at: ColumnIndexes) {
  const fields = text.split("\t");
  if (fields.length !== columns.length)
    throw new TextProblem(
      `${fields.length} ${fields.length === 1 ? "field" : "fields"} where the header has ${columns.length}`,
      "fields are separated by tabs, and a sentence holds none",
      line,
    );
  const sentence = (index: number): string => {
    const value = fields[index]!.trim();
    if (value === "") throw new TextProblem(`${columns[index]} is empty`, "take the line out, or fill it in", line);
    return value;
  };
  return { a: sentence(at.one), b: sentence(at.other), score: at.score < 0 ? 0 : readScore(fields[at.score]!, line) };
}

function readScore(field: string, line: number): number {
  const text = field.trim();
  const score = Number(text);
  if (text === "") throw new TextProblem("score is empty", everyScore, line);
  if (!Number.isFinite(score))
    throw new TextProblem(`score is ${JSON.stringify(text)}, not a number`, everyScore, line);
  return score;
}

const failure = (file: SourceFile) => (cause: unknown) =>
  new StageFailure({
    cause: "stage-error",
    message: cause instanceof Error ? cause.message : String(cause),
    path: file.path,
    ...(cause instanceof TextProblem ? { hint: cause.hint } : {}),
    ...(cause instanceof TextProblem && cause.line !== undefined ? { line: cause.line } : {}),
  });

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
      sets.push(yield* Effect.tryPromise({ try: () => readPairFile(file), catch: failure(file) }));
    const pairs: Pairs = { a: sets.flatMap((set) => set.a), b: sets.flatMap((set) => set.b) };
    const digest = contentDigest(yield* Effect.promise(() => Pairs.encode(pairs)));
    const scored = sets.every((set) => set.scores.length > 0);
    const gold: Gold = {
      pairs: digest,
      scores: Float64Array.from(scored ? sets.flatMap((set) => set.scores) : []),
      sets: sets.flatMap((set) => set.a.map(() => set.set)),
    };
    return { pairs, gold };
  }),
});
