/**
 * How long does an epoch on real text take, beside a PyTorch loop that pads to the longest of a batch, as trainers do? From
 * all-MiniLM-L6-v2, dropout on, AdamW, schedule and clipping included; ids are made beforehand on both sides.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeTexts } from "../src/model/encodeTexts.ts";
import { readModelFolder } from "../src/model/modelFolder.ts";
import { type Ragged, raggedRow, raggedRows } from "../src/nn/Ragged.ts";
import type { Bench, BenchOptions, BenchRow } from "./Bench.ts";
import {
  type EpochJob,
  type Job,
  realData,
  realModel,
  realPairs,
  realSentences,
  withFolder,
  writeJson,
} from "./Job.ts";
import { compare, pytorch } from "./sides.ts";

const name = "epoch";

interface Case {
  readonly kind: EpochJob["kind"];
  readonly stage: string;
  readonly batchSize: number;
  readonly maxTokens: number;
  /** Rows by default; PIPELINE_BENCH_ROWS takes another number. */
  readonly rows: number;
}

/** A job of more rows than this finds its better peer, and meets eager TensorFlow, on so many of them. */
const trialRows = 2048;

const cases: ReadonlyArray<Case> = [
  { kind: "bi", stage: "train-bi-encoder", batchSize: 128, maxTokens: 32, rows: 2048 },
  { kind: "cross", stage: "train-cross-encoder", batchSize: 32, maxTokens: 64, rows: 2048 },
  { kind: "simcse", stage: "train-simcse", batchSize: 64, maxTokens: 32, rows: 20_000 },
];

const idsOf = (rows: Ragged): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: raggedRows(rows) }, (_, row) => Array.from(raggedRow(rows, row)));

/** Ids as both sides read them. Scores are no teacher's: any do for speed. */
async function idsFor(kind: EpochJob["kind"], data: string, rows: number) {
  const folder = realModel(data);
  const { tokenizer } = await readModelFolder({
    path: folder,
    read: (file) => readFile(join(folder, file)).catch(() => undefined),
  });
  const ids = async (texts: ReadonlyArray<string>) => idsOf(await encodeTexts(tokenizer, texts));
  if (kind === "simcse") return { a: await ids(realSentences(data, rows)) };
  const pairs = realPairs(data, rows);
  return {
    a: await ids(pairs.map(({ a }) => a)),
    b: await ids(pairs.map(({ b }) => b)),
    scores: pairs.map((_, i) => (i * 0.618) % 1),
  };
}

const measure = (each: Case, data: string, options: BenchOptions): Promise<ReadonlyArray<BenchRow>> =>
  withFolder(async (folder) => {
    const { kind, stage, batchSize, maxTokens } = each;
    const rows = options.rows ?? each.rows;
    const jobOf = async (count: number): Promise<Job> => {
      const ids = writeJson(join(folder, `ids-${count}.json`), await idsFor(kind, data, count));
      return { kind, model: realModel(data), data: ids, batchSize, maxTokens, threads: options.threads };
    };
    const label = (count: number) => `${stage}, ${count} rows, batch ${batchSize}`;
    const trial = rows > trialRows ? { trial: { case: label(trialRows), job: await jobOf(trialRows) } } : {};
    return compare({ bench: name, case: label(rows), job: await jobOf(rows), peers: pytorch, ...trial }, options);
  });

export const epoch: Bench = {
  name,
  description: "an epoch of each training on real text, beside a PyTorch loop that pads",
  run: async (options) => {
    const data = realData();
    if (data === undefined) {
      options.note("epoch: real data is not there (PIPELINE_BENCH_DATA names its folder): left out.");
      return [];
    }
    const rows: Array<BenchRow> = [];
    for (const each of cases) rows.push(...(await measure(each, data, options)));
    return rows;
  },
};
