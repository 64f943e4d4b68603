/**
 * Records what PyTorch makes of the trainings of Sentence-BERT: `sbert.<case>.json`, for sbert.test.ts to compare with.
 *
 *     node test/golden/recordSbert.ts PYTHON
 *
 * PYTHON has torch and transformers.
 */
import { writeFileSync } from "node:fs";
import { digestOfProblem, problemOf, recordIn, sbertCases } from "./sbertProblem.ts";

const python = process.argv[2];
if (python === undefined) throw new Error("name a Python that has torch and transformers");
for (const [name, each] of Object.entries(sbertCases())) {
  const problem = problemOf(each);
  const record = { problem: digestOfProblem(problem), ...recordIn(python, problem) };
  writeFileSync(new URL(`sbert.${name}.json`, import.meta.url), `${JSON.stringify(record, undefined, 1)}\n`);
}
