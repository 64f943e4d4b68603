/** `read-sentences`: text files with one sentence a line → Sentences, in the order of files and lines. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { readFile } from "node:fs/promises";
import { Sentences } from "../src/artifact/index.ts";
import { output } from "../src/core/ArtifactType.ts";
import { fileFailure } from "../src/core/errors.ts";
import { path } from "../src/core/path.ts";
import { defineStage, type SourceFile } from "../src/core/Stage.ts";
import { decodeLines, TextProblem } from "../src/text/decodeLines.ts";

const config = Schema.Struct({
  path: path("A text file, or a glob of text files (taken in order of their names): UTF-8, one sentence a line."),
});

/** The sentences of one file: lines without the blanks around them; empty lines are passed over. */
async function readSentences(file: SourceFile): Promise<ReadonlyArray<string>> {
  const lines = decodeLines(await readFile(file.path));
  const texts = lines.map((line) => line.trim()).filter((line) => line !== "");
  if (texts.length === 0)
    throw new TextProblem(
      lines.length === 0 ? "the file is empty" : "there are only empty lines in it",
      "write one sentence a line, or name another file",
    );
  return texts;
}

export default defineStage({
  name: "read-sentences",
  version: 1,
  description: "Reads text files with one sentence a line. Empty lines are passed over, an empty file is an error.",
  config,
  inputs: {},
  outputs: { sentences: output(Sentences, "The sentences, in the order of files and lines") },
  run: Effect.fnUntraced(function* ({ files }) {
    const texts: Array<ReadonlyArray<string>> = [];
    for (const file of files["path"] ?? [])
      texts.push(
        yield* Effect.tryPromise({ try: () => readSentences(file), catch: (cause) => fileFailure(file.path, cause) }),
      );
    return { sentences: { texts: texts.flat() } };
  }),
});
