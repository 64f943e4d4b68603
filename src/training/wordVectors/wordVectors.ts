/**
 * Word vectors from counts alone: positive PMI of contexts, its largest singular directions, singular values to the power 1/2.
 *
 * Words of like company come out alike, from one pass over a small corpus, in seconds: where gradient descent has no time to learn a
 * vocabulary, this is the better start. Source: Levy, Goldberg, Dagan, TACL 2015, §3–4.
 */
import { normalAt, randomKey } from "../../nn/random.ts";
import type { Ragged } from "../../nn/Ragged.ts";
import { countContexts, positivePmi } from "./contextMatrix.ts";
import { orthonormalized, truncatedSvd } from "./truncatedSvd.ts";

export interface WordVectorOptions {
  readonly window: number;
  readonly smoothing: number;
}

export interface WordVectors {
  /** `[vocab, dim]`; root mean square 1 over the rows of words that occur. */
  readonly values: Float32Array;
  /** Whether a word occurs near another; the rows of others are 0. */
  readonly isKnown: ReadonlyArray<boolean>;
}

export const svdPasses = 4;

/** The vectors are turned by a random rotation, so that no dimension matters more than another and attention heads get equal shares. */
export function wordVectors(
  sentences: Ragged,
  vocabSize: number,
  dim: number,
  options: WordVectorOptions,
  seed: number,
  onPass?: (done: number) => void,
): WordVectors {
  const counts = countContexts(sentences, vocabSize, options.window);
  const pmi = positivePmi(counts, options.smoothing);
  const svd = truncatedSvd(pmi, dim, svdPasses, randomKey("word-vectors", "svd", seed), onPass);
  const axes = randomRotation(dim, seed);
  const rows = new Float64Array(vocabSize * dim);
  svd.left.forEach((column, i) => {
    const scale = Math.sqrt(svd.singularValues[i]!);
    for (let word = 0; word < vocabSize; word++) {
      const amount = scale * column[word]!;
      for (let d = 0; d < dim; d++) rows[word * dim + d]! += amount * axes[i]![d]!;
    }
  });
  const isKnown = Array.from({ length: vocabSize }, (_, word) => counts.from[word + 1]! > counts.from[word]!);
  const known = isKnown.filter(Boolean).length;
  const meanSquare = rows.reduce((sum, value) => sum + value * value, 0) / Math.max(1, known * dim);
  return { values: Float32Array.from(rows, (value) => value / Math.sqrt(meanSquare || 1)), isKnown };
}

function randomRotation(dim: number, seed: number): ReadonlyArray<Float64Array> {
  const key = randomKey("word-vectors", "rotation", seed);
  return orthonormalized(
    Array.from({ length: dim }, (_, i) => Float64Array.from({ length: dim }, (_, j) => normalAt(key, i * dim + j))),
  );
}
