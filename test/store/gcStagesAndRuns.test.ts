/** What garbage collection does with the code of the user's own stages, and with logs of runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { cacheStatus } from "../../src/store/cacheStatus.ts";
import { collectGarbage, type GcRequest } from "../../src/store/gc/collectGarbage.ts";
import { pinRuns } from "../../src/store/pins.ts";
import { stageFolder } from "../../src/store/stageFolder.ts";
import { age, agedFile, dayMs, filesOf, hourMs, loggedRun, made } from "../kit/agedCache.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const usual: GcRequest = { keepMs: 30 * dayMs, graceMs: hourMs };

const moduleOf = (letter: string) => letter.repeat(64);

/** The files of a stage's code, as `stageCodeOf` leaves them; without `known`, those of code that was replaced. */
function agedCode(root: string, letter: string, days: number, isKnown = true): void {
  for (const ending of [".js", ".js.map"]) agedFile(join(root, "stages", moduleOf(letter) + ending), days);
  const known = JSON.stringify({ module: moduleOf(letter), digest: `code ${letter}` });
  if (isKnown) agedFile(join(root, "stages", `${moduleOf("0").slice(1)}${letter}.json`), days, known);
}

const removed = (root: string, request: GcRequest = usual) =>
  Effect.map(collectGarbage(root, request), (report) =>
    report.removed.map(({ kind, path, reason }) => `${kind} ${path.slice(root.length + 1)}: ${reason}`).sort(),
  );

describe("the code of the user's own stages", () => {
  it.effect("stays while a kept record was made by it, and goes with its reason", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      yield* made(root, { step: "mine", code: "code a", ageDays: 1 });
      yield* made(root, { step: "old", code: "code b", ageDays: 40 });
      agedCode(root, "a", 50);
      agedCode(root, "b", 50);
      agedCode(root, "c", 3, false);
      agedCode(root, "d", 0);
      const { stages } = yield* cacheStatus(root);
      assert.strictEqual(stages.count, 4);
      assert.isAbove(stages.bytes, 4 * 2);
      const told = yield* removed(root, { ...usual, isDryRun: true });
      const [b, c] = [moduleOf("b"), moduleOf("c")];
      assert.deepStrictEqual(
        told.filter((line) => line.startsWith("stage ")),
        [
          `stage stages/${moduleOf("0").slice(1)}b.json: no record was made by it, last used 50 days ago`,
          `stage stages/${b}.js.map: no record was made by it, last used 50 days ago`,
          `stage stages/${b}.js: no record was made by it, last used 50 days ago`,
          `stage stages/${c}.js.map: its stage has other code now, last used 3 days ago`,
          `stage stages/${c}.js: its stage has other code now, last used 3 days ago`,
        ],
      );
      assert.deepStrictEqual(yield* removed(root), told);
      const left = filesOf(root).filter((path) => path.startsWith("stages"));
      assert.lengthOf(left, 6);
      assert.deepStrictEqual(yield* removed(root), []);
    }),
  );

  it.live("stays, whatever it is, where a run in progress may load it", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      loggedRun(root, { run: "1", status: "running", startedDaysAgo: 5, uses: [] });
      agedCode(root, "a", 5, false);
      agedCode(root, "b", 6, false);
      const told = yield* removed(root);
      assert.deepStrictEqual(told.length, 2, told.join());
      assert.isTrue(existsSync(join(root, "stages", `${moduleOf("a")}.js`)));
    }),
  );

  it.effect("is marked as used by whoever reads it", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      agedCode(root, "a", 50, false);
      const folder = yield* stageFolder(root);
      assert.strictEqual(yield* folder.read(`${moduleOf("a")}.js`), "x");
      assert.deepStrictEqual(yield* removed(root), []);
    }),
  );
});

describe("logs of runs", () => {
  it.live("stay, unless old ones are asked for: then the last of each file, pinned and live ones stay", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder;
      const uses = [yield* made(root, { step: "a", ageDays: 1 })];
      loggedRun(root, { run: "1", startedDaysAgo: 300, uses });
      loggedRun(root, { run: "2", startedDaysAgo: 200, uses });
      loggedRun(root, { run: "3", startedDaysAgo: 150, uses, status: "running" });
      loggedRun(root, { run: "4", startedDaysAgo: 20, uses });
      loggedRun(root, { run: "5", startedDaysAgo: 10, uses });
      loggedRun(root, { run: "6", startedDaysAgo: 400, file: "/b.yaml", uses });
      // The last run of this file has a pinned step: what earlier runs made of it is known by their logs.
      loggedRun(root, { run: "7", startedDaysAgo: 500, file: "/c.yaml", uses });
      loggedRun(root, { run: "8", startedDaysAgo: 450, file: "/c.yaml", uses, pinned: ["a"] });
      yield* pinRuns(root, ["2"]);
      for (const run of ["1", "2", "3", "4", "5", "6", "7", "8"])
        for (const file of ["manifest.json", "events.ndjson"]) age(join(root, "runs", run, file), 20);
      assert.deepStrictEqual(yield* removed(root), []);
      const asked = { ...usual, runsOlderThanMs: 90 * dayMs };
      const told = ["run runs/1: began 300 days ago, and its file was run since"];
      assert.deepStrictEqual(yield* removed(root, { ...asked, isDryRun: true }), told);
      assert.isTrue(existsSync(join(root, "runs", "1")));
      assert.deepStrictEqual(yield* removed(root, asked), told);
      assert.isFalse(existsSync(join(root, "runs", "1")));
      assert.strictEqual((yield* cacheStatus(root)).runs.count, 7);
    }),
  );
});
