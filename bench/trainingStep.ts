/**
 * How long does a training step take, beside PyTorch on the same machine? MiniLM's shape, SimCSE, full length (no padding),
 * dropout on, AdamW included, best of several; PyTorch with the better of its two attentions.
 */
import { OnnxEngine } from "../src/engine/onnx/OnnxEngine.ts";
import type { Bench, BenchRow } from "./Bench.ts";
import { profileLines } from "./profile.ts";
import { compare, pytorch } from "./sides.ts";
import { trainingRig } from "./trainingRig.ts";

const cases = [
  { batch: 32, tokens: 32, steps: 10 },
  { batch: 128, tokens: 32, steps: 6 },
  { batch: 128, tokens: 64, steps: 5 },
] as const;

const name = "training-step";

export const trainingStep: Bench = {
  name,
  description: "a training step (forward, backward, AdamW) of MiniLM's shape, beside PyTorch",
  run: async (options) => {
    const rows: Array<BenchRow> = [];
    for (const each of cases) {
      const job = { kind: "step", ...each, threads: options.threads } as const;
      rows.push(
        ...(await compare({ bench: name, case: `${each.batch} × ${each.tokens}`, job, peers: pytorch }, options)),
      );
    }
    return rows;
  },
  profile: async (options) => {
    const lines: Array<string> = [];
    for (const { batch, tokens } of cases)
      lines.push(
        `${batch} × ${tokens}`,
        ...(await profileLines(async (profilePrefix) => {
          const engine = new OnnxEngine({ threads: options.threads, profilePrefix });
          const step = trainingRig(batch, tokens, engine);
          for (let i = 0; i < 3; i++) await step();
          await engine.close();
        })),
      );
    return lines;
  },
};
