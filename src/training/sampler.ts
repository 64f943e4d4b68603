/**
 * Which rows an update learns from. A batch is a pure function of (key, step): epochs are shuffled by their own keys, so a
 * training that resumes at a step needs no more than the number of that step.
 */
import { childKey, permutation, type RandomKey } from "../nn/random.ts";

export interface SamplerOptions {
  readonly rows: number;
  readonly batchSize: number;
  /** Leaves out the last, smaller batch of an epoch (where one is full). */
  readonly dropLast: boolean;
  readonly key: RandomKey;
  /** Length of each row: batches are then made of rows of like length, and still come in random order. */
  readonly groupByLength?: ArrayLike<number>;
}

export interface Sampler {
  readonly stepsPerEpoch: number;
  /** @param step index of the update, from 0 @returns row numbers */
  readonly batch: (step: number) => Int32Array;
}

export function makeSampler(options: SamplerOptions): Sampler {
  const { rows, batchSize, dropLast } = options;
  const whole = Math.floor(rows / batchSize);
  const stepsPerEpoch = dropLast && whole > 0 ? whole : Math.ceil(rows / batchSize);
  let known = { epoch: -1, batches: [] as ReadonlyArray<Int32Array> };
  return {
    stepsPerEpoch,
    batch: (step) => {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (known.epoch !== epoch) known = { epoch, batches: batchesOf(options, epoch).slice(0, stepsPerEpoch) };
      return known.batches[step % stepsPerEpoch]!;
    },
  };
}

function batchesOf(options: SamplerOptions, epoch: number): ReadonlyArray<Int32Array> {
  const { rows, batchSize, groupByLength } = options;
  const key = childKey(options.key, epoch);
  const order = permutation(key, rows);
  if (groupByLength === undefined) return cut(order, batchSize);
  const lengths = groupByLength;
  // Sorting whole stretches of the shuffled order keeps who meets whom random between epochs.
  const stretches = cut(order, batchSize * batchesPerStretch);
  const batches = stretches.flatMap((stretch) =>
    cut(
      stretch.sort((a, b) => lengths[a]! - lengths[b]!),
      batchSize,
    ),
  );
  // The smaller batch stays last, where dropping looks for it.
  const full = batches.filter((batch) => batch.length === batchSize);
  const shuffled = Array.from(permutation(childKey(key, -1), full.length), (i) => full[i]!);
  return [...shuffled, ...batches.filter((batch) => batch.length < batchSize)];
}

const batchesPerStretch = 16;

function cut(order: Int32Array, size: number): ReadonlyArray<Int32Array> {
  return Array.from({ length: Math.ceil(order.length / size) }, (_, i) => order.slice(i * size, (i + 1) * size));
}
