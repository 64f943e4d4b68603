import { mkdirSync, writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { contentDigest } from "../../src/core/digest.ts";
import type { Graph } from "../../src/core/Graph.ts";
import { explainStep } from "../../src/core/explain.ts";
import { planGraph } from "../../src/core/plan.ts";
import { join, read, roll, say, shout } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { finalDigests, folderRig, memoryRig, runEvents } from "../kit/runEvents.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const chain = (words: string, { seed = 1, version = 1, between = "+" } = {}): Graph =>
  graphOf([
    { id: "a", uses: { ...say, version }, with: { words } },
    { id: "b", uses: shout, in: { text: "a" } },
    { id: "c", uses: roll, in: { text: "b" }, seed },
    { id: "d", uses: join, with: { between }, in: { parts: ["a", "c"] } },
  ]);

/** Rolls with a seed of their own, in cycles. */
const cycles = (words: string, numbers: ReadonlyArray<number>): Graph =>
  graphOf([
    { id: "s", uses: say, with: { words } },
    ...numbers.map((n) => ({ id: `l[${n}].a`, uses: roll, in: { text: "s" }, seed: n })),
  ]);

const digestOf = (text: string) => contentDigest(new TextEncoder().encode(text));

const states = (graph: Graph) =>
  Effect.map(planGraph(graph), (plan) => plan.steps.map(({ step, state }) => `${step} ${state}`));
const whyOf = (graph: Graph, step: string) =>
  Effect.map(planGraph(graph), (plan) => plan.steps.find((each) => each.step === step)!.why);

const digestsAfter = Effect.fnUntraced(function* (graph: Graph) {
  return finalDigests((yield* runEvents(graph)).events) as { readonly [step: string]: { readonly text: string } };
});

describe("planGraph", () => {
  it.effect("says of a step that never ran that it has nothing to compare with", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* states(chain("x")), ["a stale", "b stale", "c stale", "d stale"]);
      assert.deepStrictEqual(yield* whyOf(chain("x"), "a"), [{ part: "stage", path: "name", from: null, to: "say" }]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("finds everything fresh after a run, with no reasons", () =>
    Effect.gen(function* () {
      yield* runEvents(chain("x"));
      const plan = yield* planGraph(chain("x"));
      for (const { state, why, estimateMs } of plan.steps) {
        assert.deepStrictEqual({ state, why, estimateMs }, { state: "fresh", why: [], estimateMs: 0 });
      }
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("names a changed config value old and new, and the inputs that are not known yet", () =>
    Effect.gen(function* () {
      const old = yield* digestsAfter(chain("x"));
      const graph = chain("y");
      assert.deepStrictEqual(yield* states(graph), ["a stale", "b stale", "c stale", "d stale"]);
      assert.deepStrictEqual(yield* whyOf(graph, "a"), [{ part: "config", path: "words", from: "x", to: "y" }]);
      assert.deepStrictEqual(yield* whyOf(graph, "b"), [
        { part: "input", path: "text", from: old["a"]!.text, to: null },
      ]);
      assert.deepStrictEqual(yield* whyOf(graph, "d"), [
        { part: "input", path: "parts[0]", from: old["a"]!.text, to: null },
        { part: "input", path: "parts[1]", from: old["c"]!.text, to: null },
      ]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("names a changed seed, version, engine and known input", () =>
    Effect.gen(function* () {
      const old = yield* digestsAfter(chain("x"));
      assert.deepStrictEqual(yield* whyOf(chain("x", { seed: 2 }), "c"), [
        { part: "seed", path: "seed", from: 1, to: 2 },
      ]);
      assert.deepStrictEqual(yield* whyOf(chain("x", { version: 2 }), "a"), [
        { part: "stage", path: "version", from: 1, to: 2 },
      ]);
      yield* runEvents(chain("y"), { until: ["a"] });
      const [first, second] = yield* whyOf(chain("y"), "d");
      assert.deepInclude(first, { part: "input", path: "parts[0]", from: old["a"]!.text });
      assert.match(String(first!.to), /^[0-9a-f]{64}$/);
      assert.deepStrictEqual(second, { part: "input", path: "parts[1]", from: old["c"]!.text, to: null });
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("shows the meaning of a field that an earlier record did not have", () =>
    Effect.gen(function* () {
      yield* runEvents(graphOf([{ id: "a", uses: say, with: { words: "x" } }]));
      const mode = Schema.Literals(["plain", "loud"]).annotate({ absentMeans: "plain" });
      const uses = { ...say, config: Schema.Struct({ words: Schema.String, mode }) };
      const graph = (mode: string) => graphOf([{ id: "a", uses, with: { words: "x", mode } }]);
      assert.deepStrictEqual(yield* states(graph("plain")), ["a fresh"]);
      assert.deepStrictEqual(yield* whyOf(graph("loud"), "a"), [
        { part: "config", path: "mode", from: "plain", to: "loud" },
      ]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("compares with the nearest record: the step's own before others, then fewest differences", () =>
    Effect.gen(function* () {
      yield* runEvents(cycles("x", [1, 2]));
      // A cycle that never ran is compared with the stage's other records; the newest of the nearest is taken.
      const [why] = yield* whyOf(cycles("x", [1, 2, 3]), "l[3].a");
      assert.deepStrictEqual([why!.part, why!.to], ["seed", 3]);
      // One that did run is compared with its own, though another cycle's record differs in less.
      yield* runEvents(cycles("y", [7]));
      assert.deepStrictEqual(yield* whyOf(cycles("y", [1, 2, 7]), "l[1].a"), [
        { part: "input", path: "text", from: digestOf("x"), to: digestOf("y") },
      ]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("tells a forced step from a changed key", () =>
    Effect.gen(function* () {
      yield* runEvents(chain("x"));
      const forced = yield* planGraph(chain("x"), { force: ["b"] });
      assert.deepStrictEqual(
        forced.steps.map(({ step, state, why }) => [step, state, why.map(({ part }) => part).join()]),
        [
          ["a", "fresh", ""],
          ["b", "stale", "force"],
          ["c", "stale", "input"],
          ["d", "stale", "input"],
        ],
      );
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("estimates the time of a stale step from its earlier records", () =>
    Effect.gen(function* () {
      yield* runEvents(chain("x"));
      const plan = yield* planGraph(chain("y"));
      for (const step of plan.steps) assert.isNumber(step.estimateMs);
      const never = yield* planGraph(graphOf([{ id: "r", uses: { ...say, name: "never" }, with: { words: "x" } }]));
      assert.deepStrictEqual([never.steps[0]!.estimateMs, never.estimateMs], [null, 0]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("names the file that changed, by its digests", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      mkdirSync(joinPath(root, "data"));
      const file = (name: string) => joinPath(root, "data", name);
      writeFileSync(file("one.txt"), "one");
      writeFileSync(file("two.txt"), "two");
      const path = {
        field: "path",
        pattern: joinPath(root, "data", "*.txt"),
        written: "data/*.txt",
        kind: "file",
      } as const;
      const graph = graphOf([{ id: "r", uses: read, with: { path: "data/*.txt" }, paths: [path] }]);
      yield* Effect.gen(function* () {
        yield* runEvents(graph);
        writeFileSync(file("two.txt"), "TWO");
        const [why] = yield* whyOf(graph, "r");
        assert.deepStrictEqual(
          { ...why, from: String(why!.from).slice(0, 8), to: String(why!.to).slice(0, 8) },
          { part: "file", path: file("two.txt"), from: "3fc4ccfe", to: "a1a8a8cb" },
        );
      }).pipe(Effect.provide(folderRig(joinPath(root, "cache"))));
    }),
  );
});

describe("explainStep", () => {
  it.effect("follows changed inputs up to the value that was changed", () =>
    Effect.gen(function* () {
      const old = yield* digestsAfter(chain("x"));
      const { state, nearest, rootCause } = yield* explainStep(chain("y"), "c");
      assert.strictEqual(state, "stale");
      assert.match(String(nearest), /^[0-9a-f]{64}$/);
      assert.deepStrictEqual(rootCause, [
        { step: "c", part: "input", path: "text", from: old["b"]!.text, to: null },
        { step: "b", part: "input", path: "text", from: old["a"]!.text, to: null },
        { step: "a", part: "config", path: "words", from: "x", to: "y" },
      ]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("finds the root behind a producer that has already run", () =>
    Effect.gen(function* () {
      const old = yield* digestsAfter(chain("x"));
      yield* runEvents(chain("y"), { until: ["b"] });
      const { rootCause } = yield* explainStep(chain("y"), "c");
      assert.deepStrictEqual(
        rootCause.map(({ step, part, from }) => [step, part, from]),
        [
          ["c", "input", old["b"]!.text],
          ["b", "input", old["a"]!.text],
          ["a", "config", "x"],
        ],
      );
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("of a fresh step tells what made it run last", () =>
    Effect.gen(function* () {
      yield* runEvents(chain("x"));
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)));
      yield* runEvents(chain("x", { between: "-" }));
      const { state, why, rootCause } = yield* explainStep(chain("x", { between: "-" }), "d");
      assert.strictEqual(state, "fresh");
      assert.deepStrictEqual(why, [{ part: "config", path: "between", from: "+", to: "-" }]);
      assert.deepStrictEqual(rootCause, [{ step: "d", part: "config", path: "between", from: "+", to: "-" }]);
    }).pipe(Effect.provide(memoryRig())),
  );

  it.effect("a step that is not there is an error with the names there are", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(explainStep(chain("x"), "dd"));
      assert.deepStrictEqual(error._tag === "InvalidPipeline" && error.diagnostics, [
        {
          argument: "dd",
          message: "there is no step `dd`",
          hint: "steps: a, b, c, d",
        },
      ]);
    }).pipe(Effect.provide(memoryRig())),
  );
});
