/**
 * How does the cost of a training step grow with the tokens of its batch? MiniLM's shape, squared error on pairs of 32 tokens a
 * side, dropout and AdamW included; from 16,384 tokens on in parts whose gradients are added up.
 */
import type { Bench, BenchRow } from "./Bench.ts";
import { compare } from "./sides.ts";

const name = "tokens";
const batches = [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];

export const tokens: Bench = {
  name,
  description: "a training step by tokens of its batch, 1k to 64k; `peer` is the smallest one, scaled linearly",
  run: async (options) => {
    const rows: Array<BenchRow> = [];
    let msOfToken: number | undefined;
    for (const count of batches) {
      const job = { kind: "tokens", tokens: count, steps: count > 8192 ? 2 : 4, threads: options.threads } as const;
      const [time, memory] = await compare({ bench: name, case: `${count} tokens`, job, peers: [] }, options);
      msOfToken ??= time!.ours / count;
      const linear = msOfToken * count;
      rows.push({ ...time!, peer: linear, peerName: "the smallest, scaled", ratio: linear / time!.ours }, memory!);
    }
    return rows;
  },
};
