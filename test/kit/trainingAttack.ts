/** P8: every kind of training by the real command and engine, stopped at random updates; its weights are those of an undisturbed one. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { assert } from "vitest";
import { attack, blows, type Blow } from "./attack.ts";
import { randomOf } from "./toil.ts";
import { allTrainings } from "./trainingPipelines.ts";

const blowsInARound = 30;

export async function stopTrainings(folder: string, count: number, seed: number) {
  const random = randomOf(seed);
  const place = () => mkdtempSync(join(folder, "trainings-"));
  // About 800 updates have to be made in all.
  const momentOf = () => ({ updates: Math.floor(40 * random()), laterMs: 100 * random() });
  const undisturbed = await attack(place(), allTrainings, [], momentOf);
  const landed: Array<Blow> = [];
  let [resumed, rounds] = [0, 0];
  for (; landed.length < count; rounds++) {
    const planned = Array.from(
      { length: Math.min(blowsInARound, count - landed.length) },
      () => blows[Math.floor(blows.length * random())]!,
    );
    const attacked = await attack(place(), allTrainings, planned, momentOf);
    assert.deepStrictEqual(attacked.digests, undisturbed.digests);
    landed.push(...attacked.landed);
    resumed += attacked.resumed.length;
  }
  const of = (blow: Blow) => landed.filter((each) => each === blow).length;
  const byBlow = { workersKilled: of("worker"), driversKilled: of("driver"), bothKilled: of("both") };
  return { stops: landed.length, ...byBlow, interrupted: of("ctrl-c"), rounds, resumed };
}
