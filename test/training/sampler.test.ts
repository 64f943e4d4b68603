import { describe, expect, it } from "vitest";
import { makeSampler } from "../../src/training/sampler.ts";
import { streamKey, streamSeed } from "../../src/training/random.ts";

const key = streamKey(7, "train-simcse", "shuffle");
const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);
const epochOf = (sampler: ReturnType<typeof makeSampler>, epoch: number) =>
  Array.from({ length: sampler.stepsPerEpoch }, (_, i) => sampler.batch(epoch * sampler.stepsPerEpoch + i));

describe("makeSampler", () => {
  it("shows each row once an epoch, in another order each time", () => {
    const sampler = makeSampler({ rows: 10, batchSize: 4, dropLast: false, key });
    expect(sampler.stepsPerEpoch).toBe(3);
    const [first, second] = [
      epochOf(sampler, 0).flatMap((b) => Array.from(b)),
      epochOf(sampler, 1).flatMap((b) => Array.from(b)),
    ];
    expect(sorted(first)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sorted(second)).toEqual(sorted(first));
    expect(second).not.toEqual(first);
  });

  it("gives the same batch for the same step, whatever was asked before", () => {
    const options = { rows: 50, batchSize: 8, dropLast: true, key };
    const walked = makeSampler(options);
    for (let step = 0; step < 17; step++) walked.batch(step);
    expect(makeSampler(options).batch(17)).toEqual(walked.batch(17));
  });

  it("drops the last smaller batch, unless it is the only one", () => {
    expect(makeSampler({ rows: 10, batchSize: 4, dropLast: true, key }).stepsPerEpoch).toBe(2);
    const small = makeSampler({ rows: 3, batchSize: 4, dropLast: true, key });
    expect(small.stepsPerEpoch).toBe(1);
    expect(small.batch(0).length).toBe(3);
  });

  it("groups rows of like length, and still shows each once", () => {
    const lengths = Int32Array.from({ length: 203 }, (_, i) => (i * 37) % 31);
    const sampler = makeSampler({ rows: 203, batchSize: 8, dropLast: false, key, groupByLength: lengths });
    const batches = epochOf(sampler, 0);
    expect(sorted(batches.flatMap((b) => Array.from(b)))).toEqual(sorted(lengths.keys()));
    const spread = batches.map((b) => Math.max(...b.map((r) => lengths[r]!)) - Math.min(...b.map((r) => lengths[r]!)));
    expect(spread.reduce((a, b) => a + b) / spread.length).toBeLessThan(5);
  });
});

describe("streamKey", () => {
  it("tells seeds, stages and sites apart", () => {
    const keys = [streamKey(1, "a", "x"), streamKey(2, "a", "x"), streamKey(1, "b", "x"), streamKey(1, "a", "y")].map(
      (k) => `${k.a} ${k.b}`,
    );
    expect(new Set(keys).size).toBe(4);
    expect(Number.isSafeInteger(streamSeed(1, "a", "x"))).toBe(true);
  });
});
