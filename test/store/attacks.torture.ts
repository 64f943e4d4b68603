import { describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { collectBesideRuns, killWriters, rivals } from "../kit/cacheAttacks.ts";
import { damageBetweenRuns } from "../kit/damageAttack.ts";
import { moveInputs } from "../kit/movingAttack.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { stopTrainings } from "../kit/trainingAttack.ts";
import { killRandomRuns } from "../kit/weaveAttack.ts";

/** Counts go to docs/reliability.md. TORTURE_SEED makes other ones, TORTURE_SCALE more or fewer. */
const seed = Number(process.env["TORTURE_SEED"] ?? 1000);
const scaled = (count: number): number => Math.ceil(count * Number(process.env["TORTURE_SCALE"] ?? 1));

const attacks = [
  ["P1: writers killed", (folder: string) => killWriters(folder, scaled(400), seed)],
  ["P2: runs killed with all their processes", (folder: string) => killRandomRuns(folder, scaled(200), seed, 2)],
  ["P4: 8 processes on one cache, a quarter of them killed", (folder: string) => rivals(folder, scaled(30), 8, seed)],
  ["P5: files damaged between runs", (folder: string) => damageBetweenRuns(folder, scaled(600), seed)],
  ["P7: a collector beside runs", (folder: string) => collectBesideRuns(folder, 4, scaled(30), seed)],
  ["P8: trainings stopped", (folder: string) => stopTrainings(folder, scaled(60), seed)],
  ["P9: inputs moved during a step", (folder: string) => moveInputs(folder, scaled(384), seed)],
] as const;

describe("the cache under attack, at length", () => {
  for (const [name, attack] of attacks) {
    it.live(name, () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder;
        const counts = yield* Effect.promise((): Promise<object> => attack(folder));
        console.log(`${name}: ${JSON.stringify(counts)}`);
      }),
    );
  }
});
