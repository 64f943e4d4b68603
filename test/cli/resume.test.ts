import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { checkpointEveryMs } from "../../src/cli/checkpointEveryMs.ts";
import { attack, canFindWorkers } from "../kit/attack.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { oneTraining } from "../kit/trainingPipelines.ts";

const undisturbedly = () => ({ updates: 0, laterMs: 0 });

describe("a training whose worker is killed, whose driver is killed, and that is interrupted", () => {
  it.live.skipIf(!canFindWorkers)("goes on from its checkpoints, to the bytes of an undisturbed one", () =>
    Effect.gen(function* () {
      const [disturbed, quiet] = [yield* temporaryFolder, yield* temporaryFolder];
      const attacked = yield* Effect.promise(() =>
        attack(disturbed, oneTraining, ["worker", "driver", "ctrl-c"], (run) => ({
          updates: 8 * (run + 1),
          laterMs: 7 * run,
        })),
      );
      const undisturbed = yield* Effect.promise(() => attack(quiet, oneTraining, [], undisturbedly));
      assert.deepStrictEqual(attacked.digests, undisturbed.digests);
      assert.isAbove(attacked.landed.length, 0);
      // A blow before the first checkpoint, or between the last update and the record, leaves nothing to go on from.
      assert.isAbove(attacked.resumed.length, 0);
      assert.isAtMost(attacked.resumed.length, attacked.landed.length);
      const places = attacked.resumed.map(({ done }) => done);
      assert.deepStrictEqual(
        places,
        [...places].sort((a, b) => a - b),
      );
      assert.deepStrictEqual(undisturbed.resumed, []);
      // Nothing of what served the training is left once its record is there.
      assert.deepStrictEqual(readdirSync(join(disturbed, "cache", "checkpoints")), []);
    }),
  );

  it.live("goes on, with a warning, where checkpoints cannot be read or saved", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      mkdirSync(join(folder, "cache"));
      // A file where the folder should be: no save succeeds.
      writeFileSync(join(folder, "cache", "checkpoints"), "");
      const { digests, warnings } = yield* Effect.promise(() => attack(folder, oneTraining, [], undisturbedly));
      assert.containsAllKeys(digests, ["bi0"]);
      assert.strictEqual(warnings.length, 2, warnings.join("\n"));
      assert.match(warnings[0]!, /^The checkpoint could not be read, the work starts from the beginning\. /);
      assert.match(warnings[1]!, /^No checkpoint could be saved, the work goes on without\. /);
    }),
  );
});

describe("PIPELINE_CHECKPOINT_SECONDS", () => {
  it("is a number of seconds, 60 where it is not given", () => {
    assert.deepStrictEqual([undefined, "", "0", "2.5"].map(checkpointEveryMs), [60_000, 60_000, 0, 2500]);
    for (const wrong of ["often", "-1", "Infinity"])
      assert.throws(() => checkpointEveryMs(wrong), `PIPELINE_CHECKPOINT_SECONDS cannot be \`${wrong}\``);
  });
});
