/** Stages of the user's own in a pipeline file: found, asked for once, taken as any other; what is wrong with one has two places. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import type { StageFileResult, StageProblem } from "../../src/core/StageFile.ts";
import { fakeStages, graphOf, linkLines, mistakesOf, workingFolder } from "./fakeStages.ts";

const stage = fakeStages.find(({ name }) => name === "count")!;

/** A loader that knows some files, and what it was asked for. */
function loader(known: { readonly [name: string]: StageFileResult }) {
  const asked: Array<ReadonlyArray<string>> = [];
  const results = new Map(Object.entries(known).map(([name, result]) => [join(workingFolder, name), result]));
  const loadStageFiles = (paths: ReadonlyArray<string>) =>
    Effect.sync(() => {
      asked.push(paths);
      return results;
    });
  return { asked, loadStageFiles };
}

const at = (line: number, column: number, length: number): StageProblem["place"] => ({
  file: join(workingFolder, "mine.ts"),
  line,
  column,
  length,
});

const text = `steps:
  a: { uses: ./mine.ts }
  round:
    repeat: 2
    carry: { last: a }
    steps:
      b: { uses: lib/other.mjs, in: { from: last }, with: { at: 3 } }
      c: { uses: ./mine.ts, in: { from: b } }
    next: { last: c }
`;

describe("stages of one's own", () => {
  it("are asked for once, wherever they stand, and linked as any other", () => {
    const { asked, loadStageFiles } = loader({ "mine.ts": { stage }, "lib/other.mjs": { stage } });
    const graph = graphOf(text, { loadStageFiles });
    expect(asked).toEqual([[join(workingFolder, "mine.ts"), join(workingFolder, "lib/other.mjs")]]);
    expect(linkLines(graph)[1]).toBe("round[1].b < from a.metrics");
    expect(graph.steps[1]!.encodedConfig).toEqual({ at: 3, label: "" });
  });

  it("are not asked for where there are none", () => {
    const { asked, loadStageFiles } = loader({});
    graphOf("steps: { a: { uses: count } }", { loadStageFiles });
    expect(asked).toEqual([]);
  });

  it("are told once what is wrong with them, each mistake with its place in their file, among the other mistakes", () => {
    writeFileSync(join(workingFolder, "mine.ts"), "export default {};\nconst a = ;\n");
    const problems = [
      { message: "has no outputs", hint: "a stage gives at least one", place: at(1, 1, 14) },
      { message: "is no valid source", place: at(2, 11, 1) },
    ];
    const { loadStageFiles } = loader({ "mine.ts": { problems }, "lib/other.mjs": { stage } });
    expect(mistakesOf(text.replace("{ at: 3 }", "{ at: x }"), { loadStageFiles }))
      .toBe(`x.yaml:2:14: error: stage \`./mine.ts\` has no outputs
  2 |   a: { uses: ./mine.ts }
    |              ^^^^^^^^^
  at mine.ts:1:1
  1 | export default {};
    | ^^^^^^^^^^^^^^
  hint: a stage gives at least one

x.yaml:2:14: error: stage \`./mine.ts\` is no valid source
  2 |   a: { uses: ./mine.ts }
    |              ^^^^^^^^^
  at mine.ts:2:11
  2 | const a = ;
    |           ^

x.yaml:7:65: error: \`at\` must be an integer, not the text "x"
  7 |       b: { uses: lib/other.mjs, in: { from: last }, with: { at: x } }
    |                                                                 ^

3 errors
`);
  });
});
