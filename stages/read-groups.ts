/**
 * `read-groups`: text files with one group of sentences that mean the same on each line, tabs between them → Groups.
 *
 * UTF-8, no quoting or escaping. Empty lines are passed over; a sentence that a group has twice counts once.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { readFile } from "node:fs/promises";
import { Groups } from "../src/artifact/index.ts";
import { output } from "../src/core/ArtifactType.ts";
import { fileFailure } from "../src/core/errors.ts";
import { path } from "../src/core/path.ts";
import { defineStage, type SourceFile } from "../src/core/Stage.ts";
import { decodeLines, TextProblem } from "../src/text/decodeLines.ts";
import { groupsFrom } from "../src/text/groups.ts";

const config = Schema.Struct({
  path: path(
    "A text file, or a glob of text files (taken in order of their names): UTF-8, one group a line, tabs between its sentences.",
  ),
});

async function readGroups(file: SourceFile): Promise<ReadonlyArray<ReadonlyArray<string>>> {
  const lines = decodeLines(await readFile(file.path));
  const groups = lines.flatMap((line, i) => (line.trim() === "" ? [] : [readGroup(line, i + 1)]));
  if (groups.length === 0)
    throw new TextProblem("there is no group in it", "write one group a line, tabs between its sentences");
  return groups;
}

function readGroup(text: string, line: number): ReadonlyArray<string> {
  const sentences = [...new Set(text.split("\t").map((sentence) => sentence.trim()))].filter(
    (sentence) => sentence !== "",
  );
  if (sentences.length >= 2) return sentences;
  throw new TextProblem(
    "a group of one sentence",
    "a group has at least two different sentences, with tabs between them; take the line out, or complete it",
    line,
  );
}

export default defineStage({
  name: "read-groups",
  version: 1,
  description: "Reads groups of sentences that mean the same, one group a line with tabs between its sentences.",
  config,
  inputs: {},
  outputs: { groups: output(Groups, "The groups, in the order of files and lines") },
  run: Effect.fnUntraced(function* ({ files }) {
    const groups: Array<ReadonlyArray<string>> = [];
    for (const file of files["path"] ?? []) {
      const read = yield* Effect.tryPromise({
        try: () => readGroups(file),
        catch: (cause) => fileFailure(file.path, cause),
      });
      groups.push(...read);
    }
    return { groups: groupsFrom(groups) };
  }),
});
