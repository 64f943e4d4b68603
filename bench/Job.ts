/**
 * A piece of work that both sides of a bench do, each in a process of its own, so that time and peak memory are its own: ours in
 * `subject.ts`, the peer's in a script of `peers/`. A job is a JSON file that both read.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A step of a MiniLM-shaped SimCSE: `batch` rows of `tokens` tokens, no padding. */
export interface StepJob {
  readonly kind: "step";
  readonly batch: number;
  readonly tokens: number;
  readonly steps: number;
}

/** A step of a MiniLM-shaped bi-encoder (squared error) on pairs of 32 tokens a side: `tokens` in all. Ours alone. */
export interface TokensJob {
  readonly kind: "tokens";
  readonly tokens: number;
  readonly steps: number;
}

/** One epoch from a model's folder over ids in `data`. */
export interface EpochJob {
  readonly kind: "bi" | "cross" | "simcse";
  readonly model: string;
  /** A JSON file `{a, b, scores}` of ids without special tokens; for SimCSE `{a}`. */
  readonly data: string;
  readonly batchSize: number;
  readonly maxTokens: number;
}

/** Texts in `data` (`{texts}`) to embeddings. */
export interface EncodeJob {
  readonly kind: "encode";
  readonly model: string;
  readonly data: string;
  readonly precision: "float32" | "int8";
}

export type Job = (StepJob | TokensJob | EpochJob | EncodeJob) & { readonly threads: number };

/** What either side prints, as one line of JSON. */
export interface Outcome {
  /** The whole job, or each step of it: the least counts. */
  readonly ms: ReadonlyArray<number>;
  readonly peakBytes: number;
}

/** Where real data lies: `PIPELINE_BENCH_DATA`, else beside the repository. Undefined where it is not there. */
export function realData(): string | undefined {
  const folder = process.env["PIPELINE_BENCH_DATA"] ?? fileURLToPath(new URL("../../shared/data", import.meta.url));
  return existsSync(join(folder, "sts")) ? folder : undefined;
}

/** A temporary folder for a bench's files, gone when `use` is done. */
export async function withFolder<A>(use: (folder: string) => Promise<A>): Promise<A> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-bench-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function writeJson(path: string, value: unknown): string {
  writeFileSync(path, JSON.stringify(value));
  return path;
}

/** Files whose pairs the Trans-Encoder paper trains on, as far as they are there. */
const pairFiles = ["sts12", "sts13", "sts14", "sts15", "stsb-train", "stsb-dev", "stsb-test", "sickr-train"];

export interface TextPair {
  readonly a: string;
  readonly b: string;
}

/** Every n-th of the distinct pairs of all files, so that `rows` come from everywhere. */
export function realPairs(data: string, rows: number): ReadonlyArray<TextPair> {
  const pairs = new Map<string, TextPair>();
  for (const name of pairFiles)
    for (const line of readFileSync(join(data, "sts", `${name}.tsv`), "utf8")
      .split("\n")
      .slice(1)) {
      const [a, b] = line.split("\t");
      if (a !== undefined && b !== undefined) pairs.set(`${a}\t${b}`, { a, b });
    }
  const all = [...pairs.values()];
  return Array.from({ length: Math.min(rows, all.length) }, (_, i) => all[Math.floor((i * all.length) / rows)]!);
}

export const realSentences = (data: string, rows: number): ReadonlyArray<string> =>
  readFileSync(join(data, "corpus", "enwiki_sentences_200k.txt"), "utf8").split("\n", rows);

export const realModel = (data: string): string => join(data, "models", "all-MiniLM-L6-v2");
