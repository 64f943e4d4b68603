/**
 * Which words stand near which: co-occurrence counts within a window, turned into positive pointwise mutual information.
 *
 * PMI(w, c) = log( n(w, c) / (n(w) p(c)) ), p(c) ∝ n(c)^smoothing, cut at 0. Source: Levy, Goldberg, Dagan, "Improving
 * Distributional Similarity with Lessons Learned from Word Embeddings", TACL 2015 (smoothing 0.75, no shift).
 */
import type { Ragged } from "../../nn/Ragged.ts";

/** Compressed rows: the entries of row i are `from[i] .. from[i + 1]` of `columns` (rising) and `values`. */
export interface SparseMatrix {
  readonly size: number;
  readonly from: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** Square, one row and one column per token id. @param window tokens to either side that count as near */
export function countContexts(sentences: Ragged, vocabSize: number, window: number): SparseMatrix {
  const keys = contextKeys(sentences, vocabSize, window).sort();
  let distinct = 0;
  for (let i = 0; i < keys.length; i++) if (i === 0 || keys[i] !== keys[i - 1]) distinct++;
  const matrix = {
    size: vocabSize,
    from: new Int32Array(vocabSize + 1),
    columns: new Int32Array(distinct),
    values: new Float64Array(distinct),
  };
  let entry = -1;
  for (let i = 0; i < keys.length; i++) {
    if (i === 0 || keys[i] !== keys[i - 1]) {
      matrix.columns[++entry] = keys[i]! % vocabSize;
      matrix.from[Math.floor(keys[i]! / vocabSize) + 1]!++;
    }
    matrix.values[entry]!++;
  }
  for (let row = 0; row < vocabSize; row++) matrix.from[row + 1]! += matrix.from[row]!;
  return matrix;
}

/** One number per pair of near tokens, `word · vocabSize + context`: sorting them brings equal pairs together. */
function contextKeys({ offsets, values }: Ragged, vocabSize: number, window: number): Float64Array {
  const forEachPair = (visit: (word: number, context: number) => void): void => {
    for (let row = 0; row + 1 < offsets.length; row++) {
      const [start, end] = [offsets[row]!, offsets[row + 1]!];
      for (let i = start; i < end; i++) {
        for (let j = Math.max(start, i - window); j < Math.min(end, i + window + 1); j++) {
          if (i !== j) visit(values[i]!, values[j]!);
        }
      }
    }
  };
  let pairs = 0;
  forEachPair(() => pairs++);
  const keys = new Float64Array(pairs);
  let next = 0;
  forEachPair((word, context) => (keys[next++] = word * vocabSize + context));
  return keys;
}

/** Counts → positive PMI; entries at or below 0 stay as zeros. */
export function positivePmi(counts: SparseMatrix, smoothing: number): SparseMatrix {
  const { size, from, columns, values } = counts;
  const rowSums = new Float64Array(size);
  for (let row = 0; row < size; row++) for (let e = from[row]!; e < from[row + 1]!; e++) rowSums[row]! += values[e]!;
  // The window looks both ways, so the counts are symmetric and the sums of columns are those of rows.
  const smoothed = rowSums.map((sum) => sum ** smoothing);
  const total = smoothed.reduce((sum, each) => sum + each, 0);
  const pmi = new Float64Array(values.length);
  for (let row = 0; row < size; row++) {
    for (let e = from[row]!; e < from[row + 1]!; e++) {
      const chance = smoothed[columns[e]!]! / total;
      pmi[e] = Math.max(0, Math.log(values[e]! / (rowSums[row]! * chance)));
    }
  }
  return { size, from, columns, values: pmi };
}
