import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { randomKey, uniformAt } from "../../src/nn/random.ts";
import { attack, blows, canFindWorkers } from "../kit/attack.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { allTrainings } from "../kit/trainingPipelines.ts";

/** Another seed tries other moments. */
const seed = Number(process.env["TANDEM_ATTACK_SEED"] ?? 1);
const key = randomKey("attack", seed);

/** About 860 updates have to be made in all. */
const momentOf = (run: number) => ({
  updates: Math.floor(40 * uniformAt(key, 1000 + run)),
  laterMs: 100 * uniformAt(key, 2000 + run),
});

describe("every kind of training, stopped thirty times at random moments in random ways", () => {
  it.live.skipIf(!canFindWorkers)("ends with the digests of an undisturbed run, at every port of every step", () =>
    Effect.gen(function* () {
      const [disturbed, quiet] = [yield* temporaryFolder, yield* temporaryFolder];
      const planned = Array.from({ length: 30 }, (_, n) => blows[Math.floor(blows.length * uniformAt(key, n))]!);
      const attacked = yield* Effect.promise(() => attack(disturbed, allTrainings, planned, momentOf));
      const undisturbed = yield* Effect.promise(() => attack(quiet, allTrainings, [], momentOf));
      assert.deepStrictEqual(attacked.digests, undisturbed.digests);
      const steps = new Set(attacked.resumed.map(({ step }) => step));
      assert.deepStrictEqual([...steps].sort(), ["backbone", "bi0", "cross", "student", "writer"]);
      assert.isAbove(attacked.landed.length, 10);
    }),
  );
});
