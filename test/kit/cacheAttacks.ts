/** Attacks on the cache by real processes: each takes how much of it there is to be, asserts what is promised, and hands back what it counted. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { assert } from "vitest";
import { ArtifactStore } from "../../src/core/ArtifactStore.ts";
import { layerDirectory } from "../../src/store/directory.ts";
import { verifyCache } from "../../src/store/verify.ts";
import { isLeaping } from "./leapingClock.ts";
import { pause, start, type Ended } from "./processes.ts";
import { randomOf, toilLog, toilOf } from "./toil.ts";

/** P1: writers are killed at random moments; every record that is left has all its blobs, whole. */
export async function killWriters(folder: string, kills: number, seed: number) {
  const random = randomOf(seed);
  let [records, bytes] = [0, 0];
  for (let kill = 0; kill < kills; kill++) {
    const root = join(folder, `cache${Math.floor(kill / 20)}`);
    const { child, isUp, ended } = start("scribbler.ts", [root, String(seed + kill)]);
    await isUp;
    await pause(60 * random() ** 2);
    child.kill("SIGKILL");
    const { stderr } = await ended;
    assert.strictEqual(stderr, "");
    const report = await Effect.runPromise(verifyCache(root));
    assert.deepStrictEqual(report.damaged, []);
    await Effect.runPromise(readAll(root));
    records += report.records;
    bytes += report.bytes;
    if (kill % 20 === 19) rmSync(root, { recursive: true });
  }
  return { kills, recordsChecked: records, megabytesRead: Math.round(bytes / 1e6) };
}

/** Every record of a cache with its blobs. */
export const readAll = (root: string) =>
  Effect.gen(function* () {
    const store = yield* ArtifactStore;
    for (const { fingerprint, outputs } of yield* store.records) {
      assert.isDefined(yield* store.lookup(fingerprint));
      for (const { digest } of Object.values(outputs)) yield* store.read(digest);
    }
  }).pipe(Effect.provide(layerDirectory(root)));

interface ToldRun {
  readonly seed: number;
  readonly digests: object;
  readonly words: ReadonlyArray<string>;
}

/** Every run ended well, with the digests that its graph has to come to. */
function assertRuns(ended: ReadonlyArray<Ended>): ReadonlyArray<ToldRun> {
  return ended.flatMap(({ code, wasKilled, stdout, stderr }) => {
    assert.strictEqual(stderr, "");
    if (!wasKilled) assert.strictEqual(code, 0);
    const lines = stdout.split("\n").slice(0, -1);
    const runs = lines.map((line) => JSON.parse(line) as ToldRun);
    for (const { seed, digests, words } of runs) {
      const lastMs = Object.hasOwn(digests, "last") ? 1 : 0;
      assert.deepStrictEqual(digests, toilOf(seed, 10, 60, lastMs).digests);
      assert.strictEqual(words.at(-1), "succeeded");
    }
    return runs;
  });
}

const counted = (runs: ReadonlyArray<ToldRun>, what: string): number =>
  runs.reduce((sum, { words }) => sum + words.filter((word) => word.startsWith(`${what} `)).length, 0);

/** P4: processes run overlapping graphs on one cache, some are killed; each key is begun again only where who began it was killed. */
export async function rivals(folder: string, rounds: number, processes: number, seed: number, clock = {}) {
  const random = randomOf(seed);
  const counts = { runs: 0, kills: 0, keys: 0, computed: 0, waited: 0, adopted: 0 };
  for (let round = 0; round < rounds; round++) {
    const root = join(folder, `rivals${round}`);
    const log = join(folder, `toil${round}.log`);
    const env = { [toilLog]: log, ...clock };
    const args = () => [root, String(seed + Math.floor(random() * 1000)), "2", "0"];
    const started = Array.from({ length: processes }, () => start("toiler.ts", args(), env));
    const kills = started.slice(0, Math.floor(processes / 3)).map(async ({ child, ended }) => {
      while (!existsSync(log) && child.exitCode === null) await pause(5);
      await pause(400 * random());
      child.kill("SIGKILL");
      await ended;
    });
    await Promise.all(kills);
    const ended = await Promise.all(started.map((each) => each.ended));
    const runs = assertRuns(ended);
    const killed = new Set(ended.filter(({ wasKilled }) => wasKilled).map(({ pid }) => pid));
    const begun = readFileSync(log, "utf8").trim().split("\n");
    const byKey = Map.groupBy(begun, (line) => line.split(" ")[0]!);
    for (const [key, lines] of byKey) {
      const byTheLiving = lines.slice(0, -1).filter((line) => !killed.has(Number(line.split(" ")[1])));
      assert.deepStrictEqual(byTheLiving, [], `${key} was computed twice: ${lines.join(", ")}`);
    }
    assert.deepStrictEqual((await Effect.runPromise(verifyCache(root))).damaged, []);
    counts.runs += runs.length;
    counts.kills += killed.size;
    counts.keys += byKey.size;
    counts.computed += begun.length;
    counts.waited += counted(runs, "wait");
    counts.adopted += counted(runs, "hit");
    rmSync(root, { recursive: true });
  }
  return counts;
}

/**
 * P7: a collector without patience beside runs that last longer than its grace; none ever finds lost what it had found. Where the clock
 * leaps between the two, one may, and then makes it again.
 */
export async function collectBesideRuns(folder: string, runners: number, runs: number, seed: number, clock = {}) {
  const root = join(folder, "collected");
  const collector = start("collector.ts", [root, "2000"], clock);
  const started = Array.from({ length: runners }, (_, i) =>
    start("toiler.ts", [root, String(seed + 100 * i), String(runs), "3000"], clock),
  );
  const told = assertRuns(await Promise.all(started.map(({ ended }) => ended)));
  collector.child.stdin!.end();
  const { stdout, stderr } = await collector.ended;
  assert.strictEqual(stderr, "");
  const repairs = counted(told, "repair");
  if (!isLeaping(clock)) assert.strictEqual(repairs, 0);
  assert.deepStrictEqual((await Effect.runPromise(verifyCache(root))).damaged, []);
  const { collections, record, object } = JSON.parse(stdout) as { [name: string]: number };
  const hits = counted(told, "hit");
  return { runs: told.length, hits, collections, recordsRemoved: record, objectsRemoved: object, repairs };
}
