/** Runs a job on all sides by turns, each time in a fresh process, and makes rows of what they took. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { heapEnvironment } from "../src/engine/heapEnvironment.ts";
import type { EngineName } from "../src/engine/engineNames.ts";
import type { BenchOptions, BenchRow } from "./Bench.ts";
import { type Job, type Outcome, withFolder, writeJson } from "./Job.ts";

/** A way to do a job beside ours. */
export interface Peer {
  readonly name: string;
  readonly run: (job: string, options: BenchOptions) => Promise<Outcome>;
}

const here = fileURLToPath(new URL(".", import.meta.url));

/** A script of `peers/`, called with the job and one more word. */
const scripted = (name: string, script: string, argument: string): Peer => ({
  name,
  run: (job, { python }) => outcomeOf(python!, [join(here, "peers", script), job, argument]),
});

/** PyTorch with either attention: the better one counts. */
export const pytorch = ["sdpa", "eager"].map((attention) => scripted(`PyTorch ${attention}`, "training.py", attention));

/** The better batch size counts. */
export const sentenceTransformers = ["32", "128"].map((size) =>
  scripted(`sentence-transformers, batch ${size}`, "encode.py", size),
);

/** Our own work on eager TensorFlow: what tracing is worth. */
export const eagerTensorFlow: Peer = { name: "eager TensorFlow", run: (job) => runOurs(job, "tensorflow") };

/** The last line of a process's output, as JSON. */
async function outcomeOf(
  command: string,
  args: ReadonlyArray<string>,
  variables: { readonly [name: string]: string } = {},
): Promise<Outcome> {
  const env = { ...process.env, ...variables };
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 2 ** 26, env });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Outcome;
}

const runOurs = (job: string, engine: EngineName): Promise<Outcome> =>
  outcomeOf(process.execPath, [join(here, "subject.ts"), job, engine], heapEnvironment);

/** Best time, and the memory of the process that had it. */
interface Best {
  readonly name: string;
  readonly ms: number;
  readonly peakBytes: number;
}

const better = (before: Best | undefined, name: string, { ms, peakBytes }: Outcome): Best =>
  before !== undefined && before.ms <= Math.min(...ms) ? before : { name, ms: Math.min(...ms), peakBytes };

export interface Comparison {
  readonly bench: string;
  readonly case: string;
  readonly job: Job;
  readonly peers: ReadonlyArray<Peer>;
  /** A peer whose job differs (float32 beside our int8); default the same. */
  readonly peerJob?: Job;
  /** A small job by which the better peer is found, and that eager TensorFlow does; default: the job itself. */
  readonly trial?: { readonly case: string; readonly job: Job };
}

/** Rows of time and peak memory beside the better peer, and beside eager TensorFlow where it is installed. */
export const compare = (comparison: Comparison, options: BenchOptions) =>
  withFolder(async (folder): Promise<ReadonlyArray<BenchRow>> => {
    const { job, peers, peerJob = job, trial } = comparison;
    const ourFile = writeJson(join(folder, "ours.json"), job);
    const peerFile = writeJson(join(folder, "peer.json"), peerJob);
    const trialFile = trial === undefined ? undefined : writeJson(join(folder, "trial.json"), trial.job);
    let candidates = options.python === undefined ? [] : peers;
    if (trialFile !== undefined) candidates = await best(candidates, trialFile, options);
    let ours: Best | undefined;
    let peer: Best | undefined;
    for (let round = 0; round < options.rounds; round++) {
      ours = better(ours, "ours", await runOurs(ourFile, "onnx"));
      for (const each of candidates) peer = better(peer, each.name, await each.run(peerFile, options));
      candidates = candidates.filter(({ name }) => name === peer?.name);
    }
    const rows = rowsOf(comparison, ours!, peer, options);
    if (!options.tensorflow || job.kind === "encode" || job.kind === "tokens") return rows;
    const eager = better(undefined, eagerTensorFlow.name, await eagerTensorFlow.run(trialFile ?? ourFile, options));
    const traced = trialFile === undefined ? ours! : better(undefined, "ours", await runOurs(trialFile, "onnx"));
    return [...rows, ...rowsOf({ ...comparison, ...trial }, traced, eager, options)];
  });

/** The one that is quickest at the job. */
async function best(peers: ReadonlyArray<Peer>, job: string, options: BenchOptions): Promise<ReadonlyArray<Peer>> {
  let found: Best | undefined;
  for (const each of peers) found = better(found, each.name, await each.run(job, options));
  return peers.filter(({ name }) => name === found?.name);
}

function rowsOf(
  { bench, case: each }: Comparison,
  ours: Best,
  peer: Best | undefined,
  { note }: BenchOptions,
): ReadonlyArray<BenchRow> {
  note(`${bench}, ${each}: ${described(ours)}; ${described(peer)}`);
  const row = (name: string, unit: string, mine: number, theirs: number | undefined): BenchRow => ({
    bench,
    case: name,
    ours: mine,
    peer: theirs ?? null,
    peerName: peer?.name ?? null,
    ratio: theirs === undefined ? null : theirs / mine,
    unit,
  });
  return [
    row(each, "ms", ours.ms, peer?.ms),
    row(`${each}, peak memory`, "MB", ours.peakBytes / 1e6, peer && peer.peakBytes / 1e6),
  ];
}

const described = (side: Best | undefined): string =>
  side === undefined
    ? "no peer"
    : `${side.name} ${(side.ms / 1000).toFixed(2)} s, ${(side.peakBytes / 1e6).toFixed(0)} MB`;
