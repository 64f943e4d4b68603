/**
 * Records what PyTorch makes of the trainings of several encoders: `towers.<case>.json`, for towers.test.ts to compare with.
 *
 *     node test/golden/recordTowers.ts PYTHON
 *
 * PYTHON has torch and transformers.
 */
import { writeFileSync } from "node:fs";
import { digestOfTowers, recordTowersIn, towersCases, towersProblemOf } from "./towersProblem.ts";

const python = process.argv[2];
if (python === undefined) throw new Error("name a Python that has torch and transformers");
for (const [name, each] of Object.entries(towersCases())) {
  const problem = towersProblemOf(each);
  const record = { problem: digestOfTowers(problem), ...recordTowersIn(python, problem) };
  writeFileSync(new URL(`towers.${name}.json`, import.meta.url), `${JSON.stringify(record, undefined, 1)}\n`);
}
