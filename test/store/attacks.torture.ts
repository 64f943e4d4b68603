import { afterAll, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { collectBesideRuns, killWriters, rivals } from "../kit/cacheAttacks.ts";
import { damageBetweenRuns } from "../kit/damageAttack.ts";
import { leapingClock } from "../kit/leapingClock.ts";
import { moveInputs } from "../kit/movingAttack.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { leapThroughTime } from "../kit/timeAttack.ts";
import { stopTrainings } from "../kit/trainingAttack.ts";
import { killRandomRuns } from "../kit/weaveAttack.ts";

/** Counts go to docs/reliability.md. TORTURE_SEED makes other ones, TORTURE_SCALE more or fewer. */
const seed = Number(process.env["TORTURE_SEED"] ?? 1000);
const scaled = (count: number): number => Math.ceil(count * Number(process.env["TORTURE_SCALE"] ?? 1));

type Attack = (folder: string) => Promise<{ readonly [count: string]: number | undefined }>;

const attacks: ReadonlyArray<readonly [name: string, attack: Attack]> = [
  ["P1: writers killed", (folder) => killWriters(folder, scaled(400), seed)],
  ["P2: runs killed with all their processes", (folder) => killRandomRuns(folder, scaled(200), seed, 2)],
  ["P4: 8 processes on one cache, a quarter of them killed", (folder) => rivals(folder, scaled(30), 8, seed)],
  ["P5: files damaged between runs", (folder) => damageBetweenRuns(folder, scaled(600), seed)],
  ["P7: a collector beside runs", (folder) => collectBesideRuns(folder, 4, scaled(30), seed)],
  ["P8: trainings stopped", (folder) => stopTrainings(folder, scaled(60), seed)],
  ["P9: inputs moved during a step", (folder) => moveInputs(folder, scaled(384), seed)],
  ["P10: files edited while the clock leaps", (folder) => leapThroughTime(folder, scaled(400), seed)],
  ["P10: P4 with leaping clocks", (folder) => rivals(folder, scaled(10), 8, seed, leapingClock(seed))],
  ["P10: P7 with leaping clocks", (folder) => collectBesideRuns(folder, 4, scaled(8), seed, leapingClock(seed))],
];

const table: Array<string> = [];

describe("the cache under attack, at length", () => {
  for (const [name, attack] of attacks) {
    it.live(name, () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder;
        const began = performance.now();
        const counts = yield* Effect.promise(() => attack(folder));
        const told = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
        const seconds = Math.round((performance.now() - began) / 1000);
        table.push(`| ${name} | ${told.join(", ")} | ${seconds} s |`);
      }),
    );
  }

  afterAll(() => console.log(["| attack | counted | took |", "|---|---|---|", ...table].join("\n")));
});
