/**
 * Where randomness of a stage comes from: a seed, the stage's name, and the place it is used at. Never a step's id, a cycle
 * or history, so that equal steps of a pipeline draw equal numbers and share one result.
 */
import { type RandomKey, randomKey } from "../nn/random.ts";

/** @param site the use within the stage: `shuffle`, `dropout`, `head` */
export const streamKey = (seed: number, stage: string, site: string): RandomKey => randomKey(stage, site, seed);

/** The same stream for what takes a number: a whole one below 2^53. */
export function streamSeed(seed: number, stage: string, site: string): number {
  const { a, b } = streamKey(seed, stage, site);
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}
