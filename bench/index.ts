/**
 * Runs the benches and prints a table: `npm run bench`, with `-- NAME…` for some of them, `-- --json` for JSON, `-- --profile`
 * for where the time goes. `PIPELINE_BENCH_PYTHON` names a Python that has the peers, `PIPELINE_BENCH_THREADS` the threads,
 * `PIPELINE_BENCH_ROUNDS` how often each side works, `PIPELINE_BENCH_ROWS` the rows of real data, `PIPELINE_BENCH_DATA` where it lies.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { installedTensorFlow, tensorFlowFolder } from "../src/engine/tensorflow/installed.ts";
import { type Bench, type BenchOptions, table } from "./Bench.ts";
import { checkpoint } from "./checkpoint.ts";
import { encoding } from "./encoding.ts";
import { epoch } from "./epoch.ts";
import { noop } from "./noop.ts";
import { tokens } from "./tokens.ts";
import { trainingStep } from "./trainingStep.ts";

const benches: ReadonlyArray<Bench> = [trainingStep, epoch, encoding, tokens, checkpoint, noop];

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, profile: { type: "boolean", default: false } },
});

const unknown = names.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(", ")}; there are:`);
  for (const { name, description } of benches) console.error(`  ${name}  ${description}`);
  process.exit(2);
}
const chosen = benches.filter((bench) => names.length === 0 || names.includes(bench.name));

const python = process.env["PIPELINE_BENCH_PYTHON"];
if (python === undefined || python === "")
  console.error("PIPELINE_BENCH_PYTHON is not set: Python's peers are left out.");
const rowsOfData = process.env["PIPELINE_BENCH_ROWS"];
const options: BenchOptions = {
  ...(python === undefined || python === "" ? {} : { python }),
  ...(rowsOfData === undefined ? {} : { rows: Number(rowsOfData) }),
  tensorflow: installedTensorFlow(tensorFlowFolder()) !== undefined,
  rounds: Number(process.env["PIPELINE_BENCH_ROUNDS"] ?? 2),
  threads: Number(process.env["PIPELINE_BENCH_THREADS"] ?? availableParallelism()),
  note: (message) => console.error(message),
};

if (flags.profile) {
  for (const bench of chosen) for (const line of (await bench.profile?.(options)) ?? []) console.log(line);
} else {
  const rows = [];
  for (const bench of chosen) rows.push(...(await bench.run(options)));
  console.log(flags.json ? JSON.stringify(rows) : table(rows));
}
