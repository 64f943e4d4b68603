/**
 * Which sentences Contrastive Tension compares: groups of one pair of a sentence with itself and K pairs of two sentences that
 * have nothing to do with it or with each other, so a group takes 1 + 2K sentences. (Descriptions of the method that give all
 * pairs of a group one anchor match neither implementation; methods §4.1.)
 *
 * A batch is a pure function of (key, step), as `sampler.ts` has it.
 */
import { childKey, permutation, type RandomKey, uniformAt } from "../nn/random.ts";

/** Before the names of the second encoder's parameters. */
export const secondTower = "second.";

export interface TensionOptions {
  /** Sentences there are, at least one. */
  readonly rows: number;
  /** Pairs of a batch: a multiple of `negatives` + 1. */
  readonly batchSize: number;
  /** K, from 1 on. */
  readonly negatives: number;
  /**
   * `replacement`: every sentence is drawn anew from all (the authors' code); `pass`: an epoch is one shuffled pass in which no
   * sentence comes twice (sentence-transformers). What is left at its end is too little for a batch.
   */
  readonly sampling: "replacement" | "pass";
  /** Batches of an epoch where sentences are drawn with replacement. */
  readonly epochBatches: number;
  readonly key: RandomKey;
}

/** Row numbers for either encoder, and 1 where they are one sentence. */
export interface TensionBatch {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly labels: Float32Array;
}

export interface TensionSampler {
  /** 0 where there are too few sentences for a pass. */
  readonly stepsPerEpoch: number;
  /** @param step index of the update, from 0 */
  readonly batch: (step: number) => TensionBatch;
}

/** Sentences a batch takes: one for a group's positive pair, two for each other. */
export const sentencesOfBatch = ({ batchSize, negatives }: Pick<TensionOptions, "batchSize" | "negatives">): number =>
  2 * batchSize - batchSize / (negatives + 1);

/** What is wrong with the size of a batch, in one sentence with those that would do; undefined where it does. */
export function groupsMistake({
  batchSize,
  negatives,
}: Pick<TensionOptions, "batchSize" | "negatives">): string | undefined {
  const group = negatives + 1;
  if (batchSize % group === 0) return undefined;
  const below = Math.floor(batchSize / group) * group;
  const sizes = below === 0 ? `${group}` : `${below} or ${below + group}`;
  return `batchSize is ${batchSize}, but pairs come in groups of ${group} (one of a sentence with itself, ${negatives} of two): set batchSize to ${sizes}, or negatives to one less than a divisor of ${batchSize}`;
}

/** @param options without a mistake in its groups */
export function makeTensionSampler(options: TensionOptions): TensionSampler {
  const { rows, key, sampling, epochBatches } = options;
  const taken = sentencesOfBatch(options);
  if (sampling === "replacement") {
    const draw = (step: number) => (place: number) => Math.floor(uniformAt(childKey(key, step), place) * rows);
    return { stepsPerEpoch: epochBatches, batch: (step) => paired(options, draw(step)) };
  }
  const stepsPerEpoch = Math.floor(rows / taken);
  let known: { readonly epoch: number; readonly order: Int32Array } = { epoch: -1, order: new Int32Array(0) };
  return {
    stepsPerEpoch,
    batch: (step) => {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (known.epoch !== epoch) known = { epoch, order: permutation(childKey(key, epoch), rows) };
      const from = (step % stepsPerEpoch) * taken;
      return paired(options, (place) => known.order[from + place]!);
    },
  };
}

/** @param sentence at a place of the batch, which are taken in order */
function paired({ batchSize, negatives }: TensionOptions, sentence: (place: number) => number): TensionBatch {
  const first = new Int32Array(batchSize);
  const second = new Int32Array(batchSize);
  const labels = new Float32Array(batchSize);
  let place = 0;
  for (let pair = 0; pair < batchSize; pair++) {
    const isSame = pair % (negatives + 1) === 0;
    first[pair] = sentence(place++);
    second[pair] = isSame ? first[pair]! : sentence(place++);
    labels[pair] = isSame ? 1 : 0;
  }
  return { first, second, labels };
}
