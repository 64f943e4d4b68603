import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { collectBesideRuns, killWriters, rivals } from "../kit/cacheAttacks.ts";
import { damageBetweenRuns } from "../kit/damageAttack.ts";
import { moveInputs } from "../kit/movingAttack.ts";
import { canFindProcesses } from "../kit/processes.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { leapThroughTime } from "../kit/timeAttack.ts";
import { killRandomRuns } from "../kit/weaveAttack.ts";

/** The same at length: attacks.torture.ts. */
describe("the cache under attack", () => {
  it.live("has no record without its blobs after writers were killed (P1)", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      let checked = 0;
      // Writers on a busy machine are killed before they have published much: then more of them are.
      for (let seed = 1; seed <= 10 && checked <= 20; seed++) {
        const place = mkdtempSync(join(folder, "attack-"));
        checked += (yield* Effect.promise(() => killWriters(place, 8, seed))).recordsChecked;
      }
      assert.isAbove(checked, 20);
    }),
  );

  it.live.skipIf(!canFindProcesses)("lets a run killed with all its processes finish by the same command (P2)", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const counts = yield* Effect.promise(() => killRandomRuns(folder, 2, 20));
      assert.strictEqual(counts.pipelinesHit, 2);
      assert.isAbove(counts.recordsFound, 0);
    }),
  );

  it.live("gives 8 processes at once each key computed once while its owner lives, and whole (P4)", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      let [kills, waited] = [0, 0];
      // A quick machine may be done before a blow falls or two runs meet: then the attack goes on until both have happened.
      for (let seed = 1; seed <= 10 && (kills === 0 || waited === 0); seed++) {
        const place = mkdtempSync(join(folder, "attack-"));
        const counts = yield* Effect.promise(() => rivals(place, 1, 8, seed));
        kills += counts.kills;
        waited += counts.waited;
      }
      assert.isAtLeast(kills, 1);
      assert.isAtLeast(waited, 1);
    }),
  );

  it.live("never hands on what is flipped, truncated, swapped or missing (P5)", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const { stepsMadeAgain } = yield* Effect.promise(() => damageBetweenRuns(folder, 30, 1));
      assert.isAtLeast(stepsMadeAgain, 10);
    }),
  );

  it.live("keeps for runs what they use, whatever is collected beside them (P7)", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      let [removed, found] = [0, 0];
      // On a busy machine the collector may come to nothing: then the attack goes on until it has struck, and runs have had hits.
      for (let seed = 1; seed <= 10 && (removed === 0 || found === 0); seed++) {
        const place = mkdtempSync(join(folder, "attack-"));
        const { recordsRemoved, hits } = yield* Effect.promise(() => collectBesideRuns(place, 2, 2, seed));
        removed += recordsRemoved!;
        found += hits;
      }
      assert.isAbove(removed, 0);
      assert.isAbove(found, 0);
    }),
  );

  it.live(
    "publishes nothing of inputs that moved before, at the start, in the middle or at the end of a step (P9)",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder;
        const { before, start, middle, end } = yield* Effect.promise(() => moveInputs(folder, 10, 1));
        for (const count of [before, start, middle, end]) assert.isAbove(count, 0);
      }),
  );

  it.live("sees every edit of what a step reads, however the clock leaps (P10)", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const { leaps, readsWithoutHashing } = yield* Effect.promise(() => leapThroughTime(folder, 12, 1));
      assert.isAbove(leaps, 100);
      assert.isAbove(readsWithoutHashing, 100);
    }),
  );
});
