/**
 * Records what PyTorch makes of the tracked trainings: `training.<case>.json`, for training.test.ts to compare with.
 *
 *     node test/golden/recordTraining.ts PYTHON [CASE]
 *
 * PYTHON has torch and transformers. CASE is the one to record, of all.
 */
import { writeFileSync } from "node:fs";
import { digestOfProblem, problemOf, recordIn, trackedCases } from "./trainingProblem.ts";

const [python, only] = process.argv.slice(2);
if (python === undefined) throw new Error("name a Python that has torch and transformers");
for (const [name, each] of Object.entries(trackedCases())) {
  if (only !== undefined && only !== name) continue;
  const problem = problemOf(each);
  const record = { problem: digestOfProblem(problem), ...recordIn(python, problem) };
  writeFileSync(new URL(`training.${name}.json`, import.meta.url), `${JSON.stringify(record, undefined, 1)}\n`);
}
