/** Runs a job on both sides by turns, each time in a fresh process, and makes rows of what they took. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchOptions, BenchRow } from "./Bench.ts";
import { type Job, type Outcome, withFolder, writeJson } from "./Job.ts";

/** A peer's script of `peers/` and what it is called with after the job; the better of several counts. */
export interface Peer {
  readonly name: string;
  readonly script: "training.py" | "encode.py";
  readonly argument: string;
}

export const pytorch: ReadonlyArray<Peer> = ["sdpa", "eager"].map((attention) => ({
  name: `PyTorch ${attention}`,
  script: "training.py",
  argument: attention,
}));

export const sentenceTransformers: ReadonlyArray<Peer> = ["32", "128"].map((batchSize) => ({
  name: `sentence-transformers, batch ${batchSize}`,
  script: "encode.py",
  argument: batchSize,
}));

const here = fileURLToPath(new URL(".", import.meta.url));

/** The last line of a process's output, as JSON. */
async function outcomeOf(command: string, args: ReadonlyArray<string>): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Outcome;
}

const runOurs = (job: string): Promise<Outcome> => outcomeOf(process.execPath, [join(here, "subject.ts"), job]);

const runPeer = (python: string, { script, argument }: Peer, job: string): Promise<Outcome> =>
  outcomeOf(python, [join(here, "peers", script), job, argument]);

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
}

/**
 * A row of times and one of peak memory. In every round but the first, only the peer that was best takes part.
 */
export const compare = ({ bench, case: each, job, peers, peerJob = job }: Comparison, options: BenchOptions) =>
  withFolder(async (folder): Promise<ReadonlyArray<BenchRow>> => {
    const [ourFile, peerFile] = [join(folder, "ours.json"), join(folder, "peer.json")];
    writeJson(ourFile, job);
    writeJson(peerFile, peerJob);
    let ours: Best | undefined;
    let peer: Best | undefined;
    for (let round = 0; round < options.rounds; round++) {
      ours = better(ours, "ours", await runOurs(ourFile));
      if (options.python === undefined) continue;
      for (const candidate of peer === undefined ? peers : peers.filter(({ name }) => name === peer?.name))
        peer = better(peer, candidate.name, await runPeer(options.python, candidate, peerFile));
    }
    options.note(`${bench}, ${each}: ${describe(ours)}; ${describe(peer)}`);
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
      row(each, "ms", ours!.ms, peer?.ms),
      row(`${each}, peak memory`, "MB", ours!.peakBytes / 1e6, peer && peer.peakBytes / 1e6),
    ];
  });

const describe = (best: Best | undefined): string =>
  best === undefined
    ? "no peer"
    : `${best.name} ${(best.ms / 1000).toFixed(2)} s, ${(best.peakBytes / 1e6).toFixed(0)} MB`;
