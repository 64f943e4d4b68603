/**
 * How long does a training step take, beside PyTorch on the same machine? MiniLM's shape, SimCSE, full length (no padding),
 * dropout on, AdamW included, best of several; PyTorch with the better of its two attentions.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Bench, type BenchOptions, type BenchRow, timeRow } from "./Bench.ts";
import { profileLines } from "./profile.ts";
import { trainingRig } from "./trainingRig.ts";

const name = "training-step";
const cases = [
  { batch: 32, tokens: 32, steps: 8 },
  { batch: 128, tokens: 32, steps: 5 },
] as const;

/** The PyTorch side: `python train_step.py BATCH TOKENS THREADS sdpa|eager adamw` prints `… best 512 ms …`. */
const peerScript = fileURLToPath(new URL("../../shared/reference/train_step.py", import.meta.url));

/** Both sides take turns, so that a machine that is busy for a while slows down both. */
const rounds = 2;

export const trainingStep: Bench = {
  name,
  description: "a training step (forward, backward, AdamW) of MiniLM's shape, beside PyTorch",
  run: async (options) => {
    if (options.python === undefined) options.note("PIPELINE_BENCH_PYTHON is not set: PyTorch is left out.");
    else if (!existsSync(peerScript)) options.note(`${peerScript} is not there: PyTorch is left out.`);
    const rows: Array<BenchRow> = [];
    for (const each of cases) rows.push(await measure(each, options));
    return rows;
  },
  profile: async (options) => {
    const lines: Array<string> = [];
    for (const { batch, tokens } of cases)
      lines.push(
        `${batch} × ${tokens}`,
        ...(await profileLines(async (profilePrefix) => {
          const rig = await trainingRig(batch, tokens, { threads: options.threads, profilePrefix });
          for (let i = 0; i < 3; i++) await rig.step();
          await rig.close();
        })),
      );
    return lines;
  },
};

async function measure(
  { batch, tokens, steps }: (typeof cases)[number],
  { python, threads }: BenchOptions,
): Promise<BenchRow> {
  let ours = Number.POSITIVE_INFINITY;
  let peer: { name: string; ms: number } | undefined;
  for (let round = 0; round < rounds; round++) {
    const rig = await trainingRig(batch, tokens, { threads });
    for (let i = 0; i < steps; i++) ours = Math.min(ours, await rig.step());
    await rig.close();
    if (python === undefined || !existsSync(peerScript)) continue;
    for (const attention of ["sdpa", "eager"]) {
      const ms = await pytorchStep(python, [batch, tokens, threads, attention, "adamw"].map(String));
      if (peer === undefined || ms < peer.ms) peer = { name: `PyTorch ${attention}`, ms };
    }
  }
  return timeRow(name, `${batch} × ${tokens}`, ours, peer);
}

async function pytorchStep(python: string, args: ReadonlyArray<string>): Promise<number> {
  const { stdout } = await promisify(execFile)(python, [peerScript, ...args]);
  const best = /best (\d+) ms/.exec(stdout)?.[1];
  if (best === undefined) throw new Error(`${peerScript} printed no time: ${stdout}`);
  return Number(best);
}
