/**
 * Records what PyTorch makes of the tracked SimBERT training: `simbert.json`, for simbert.test.ts to compare with.
 *
 *     node test/golden/recordSimbert.ts PYTHON
 */
import { writeFileSync } from "node:fs";
import { recordSimbert } from "./simbertProblem.ts";

const python = process.argv[2];
if (python === undefined) throw new Error("name a Python that has torch");
writeFileSync(new URL("simbert.json", import.meta.url), recordSimbert(python));
