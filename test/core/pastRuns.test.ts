/** What past runs tell: side by side, and where a value of one comes from. */
import { writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { Json } from "../../src/core/canonicalJson.ts";
import { compareConfigs, compareDurations, differs, tellingRows } from "../../src/core/compareRuns.ts";
import type { Graph } from "../../src/core/Graph.ts";
import { fileId, lineageOf, type Lineage } from "../../src/core/lineage.ts";
import { findRun, readRun, type PastRun } from "../../src/core/pastRun.ts";
import { join, read, roll, say, shout } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { folderRig, memoryRig, runEvents } from "../kit/runEvents.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const stages = [join, read, roll, say, shout];

/** `l` in cycles, each with its words. */
const looped = (loop: string, words: ReadonlyArray<string>, before: ReadonlyArray<string> = []): Graph =>
  graphOf([
    ...before.map((word, i) => ({ id: `l[${i + 1}].a`, uses: say, with: { words: word } })),
    ...words.map((word, i) => ({ id: `${loop}[${i + 1}].a`, uses: say, with: { words: word } })),
    { id: "end", uses: roll, in: { text: `${loop}[1].a` } },
  ]);

const pastRun = Effect.fnUntraced(function* (graph: Graph) {
  const { summary } = yield* runEvents(graph);
  return yield* readRun(yield* findRun(summary.run));
});

const mistakeOf = (name: string) =>
  findRun(name).pipe(
    Effect.flip,
    Effect.map((error) => (error._tag === "InvalidPipeline" ? error.diagnostics[0] : error)),
  );

const configOf = (runs: ReadonlyArray<PastRun>) =>
  compareConfigs(runs, stages).map(({ path, values }) => ([path] as ReadonlyArray<Json>).concat(values));

describe("runs side by side", () => {
  it.effect("have one row a value, cycles folded where they agree, null where a run has none", () =>
    Effect.gen(function* () {
      const runs = [yield* pastRun(looped("l", ["x", "x"])), yield* pastRun(looped("l", ["x", "y", "z"]))];
      assert.deepStrictEqual(configOf(runs), [
        ["name", "test", "test"],
        ["seed", 1, 1],
        ["l.a.uses", "say@1", "say@1"],
        ["l[1].a.words", "x", "x"],
        ["l[2].a.words", "x", "y"],
        ["end.uses", "roll@1", "roll@1"],
        ["l[3].a.words", null, "z"],
      ]);
      assert.deepStrictEqual(configOf([runs[0]!])[3], ["l.a.words", "x"]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("show a branch's steps against those they came from", () =>
    Effect.gen(function* () {
      const runs = [yield* pastRun(looped("l", ["x", "x"])), yield* pastRun(looped("l2", ["y"], ["x"]))];
      assert.deepStrictEqual(tellingRows(compareConfigs(runs, stages)), [{ path: "l2.a.words", values: ["x", "y"] }]);
      const alone = [yield* pastRun(graphOf([{ id: "b", uses: say, with: { words: "x" } }])), runs[0]!];
      assert.deepStrictEqual(
        tellingRows(compareConfigs(alone, stages)).map(({ path }) => path),
        ["b.uses", "l.a.uses", "end.uses"],
      );
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("have the times of what ran, null for hits", () =>
    Effect.gen(function* () {
      const runs = [yield* pastRun(looped("l", ["x"])), yield* pastRun(looped("l", ["x", "y"]))];
      const rows = compareDurations(runs);
      assert.deepStrictEqual(
        rows.map(({ step, values }) => [step, ...values.map((value) => typeof value)]),
        [
          ["l[1].a", "number", "object"],
          ["end", "number", "object"],
          ["l[2].a", "object", "number"],
        ],
      );
      assert.deepStrictEqual(rows.map(differs), [true, true, true]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("are found by id, by its beginning and as the last one", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* mistakeOf("last"), { message: "this cache has seen no run" });
      const { summary } = yield* runEvents(looped("l", ["x"]));
      for (const name of [summary.run, summary.run.slice(0, -1), "last"])
        assert.strictEqual((yield* findRun(name)).run, summary.run);
      assert.deepStrictEqual(yield* mistakeOf("lats"), {
        argument: "lats",
        message: "there is no run `lats`",
        hint: "did you mean `last`?",
      });
      yield* runEvents(looped("l", ["x"]));
      assert.deepInclude(yield* mistakeOf("2"), { message: "several runs begin with `2`" });
    }).pipe(Effect.provide(memoryRig())),
  );
});

/** `a → b` for every edge, artifacts by the output that made them. */
function arrows({ nodes, edges }: Lineage): ReadonlyArray<string> {
  const names = new Map(nodes.map((node) => [node.id, node.kind === "artifact" ? node.outputs[0]! : node.id]));
  return edges.map(({ from, to, port }) => `${names.get(from)} → ${names.get(to)} (${port})`).sort();
}

const graph = (file: string) =>
  graphOf([
    { id: "f", uses: read, with: { path: file }, paths: [{ field: "path", pattern: file, written: file, kind: "file" }] }, // prettier-ignore
    { id: "s", uses: say, with: { words: "x" } },
    { id: "u", uses: shout, in: { text: "f" } },
    { id: "j", uses: join, with: { between: "+" }, in: { parts: ["u", "s"] } },
    { id: "r", uses: roll, in: { text: "s" } },
    { id: "end", uses: shout, in: { text: "j" } },
  ]);

describe("a lineage", () => {
  const traced = Effect.gen(function* () {
    const root = yield* temporaryFolder;
    const file = joinPath(root, "data.txt");
    writeFileSync(file, "hello");
    const run = yield* pastRun(graph(file)).pipe(Effect.provide(folderRig(joinPath(root, "cache"))));
    return { run, file };
  });

  it.effect("goes up to files and settings, and down to what was made of it", () =>
    Effect.gen(function* () {
      const { run, file } = yield* traced;
      const { upstream, downstream, lineage } = lineageOf(run, { kind: "step", step: "j" });
      assert.deepStrictEqual([upstream, downstream], [["f", "s", "u", "j"], ["end"]]);
      assert.deepStrictEqual(arrows(lineage), [
        "end → end.length (length)",
        "end → end.text (text)",
        "f → f.text (text)",
        "f.text → u (text)",
        `${fileId(file)} → f (path)`,
        "j → j.text (text)",
        "j.text → end (text)",
        "s → s.text (text)",
        "s.text → j (parts[1])",
        "u → u.text (text)",
        "u.text → j (parts[0])",
      ]);
      assert.deepInclude(
        lineage.nodes.find(({ id }) => id === "s"),
        {
          kind: "step",
          stage: "say@1",
          config: { words: "x" },
        },
      );
    }),
  );

  it.effect("of a file is what was made of it", () =>
    Effect.gen(function* () {
      const { run, file } = yield* traced;
      const digest = run.steps[0]!.record!.provenance.files["path"]![0]!.digest;
      const { upstream, downstream, lineage } = lineageOf(run, { kind: "file", digest });
      assert.deepStrictEqual([upstream, downstream], [[], ["f", "u", "j", "end"]]);
      assert.deepInclude(lineage.nodes, { id: fileId(file), kind: "file", path: file, digest });
      assert.notInclude(arrows(lineage), "s → s.text (text)");
    }),
  );

  it.effect("of an artifact that two steps came to is that of the first", () =>
    Effect.gen(function* () {
      const run = yield* pastRun(
        graphOf([
          { id: "a", uses: say, with: { words: "X" } },
          { id: "b", uses: shout, in: { text: "a" } },
          { id: "c", uses: roll, in: { text: "b" } },
        ]),
      );
      const { digest } = run.steps[0]!.record!.outputs["text"]!;
      const { upstream, downstream, lineage } = lineageOf(run, { kind: "artifact", digest });
      assert.deepStrictEqual([upstream, downstream], [["a"], ["b", "c"]]);
      assert.deepInclude(
        lineage.nodes.find(({ id }) => id === digest),
        { outputs: ["a.text", "b.text"] },
      );
    }).pipe(Effect.provide(memoryRig())),
  );
});
