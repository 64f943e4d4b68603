/** The rows of a matrix with the highest cosines to each of some vectors: every one compared, none approximated. */

export interface Neighbour {
  readonly row: number;
  /** -1 to 1; 0 with a vector of zeros. */
  readonly cosine: number;
}

/**
 * @param queries `[queries, dimension]` @param rows `[rows, dimension]`, both row-major
 * @returns for each query its `top` rows (or all there are), highest cosine first, the earlier row first where equal
 */
export function nearestRows(
  queries: Float32Array,
  rows: Float32Array,
  dimension: number,
  top: number,
): ReadonlyArray<ReadonlyArray<Neighbour>> {
  const lengths = rowLengths(rows, dimension);
  const queryLengths = rowLengths(queries, dimension);
  return Array.from(queryLengths, (length, i) => {
    const query = queries.subarray(i * dimension, (i + 1) * dimension);
    const cosines = lengths.map((other, row) => cosine(query, rows, row * dimension, length * other));
    return highest(cosines, top);
  });
}

function rowLengths(values: Float32Array, dimension: number): Float64Array {
  const lengths = new Float64Array(values.length / dimension);
  for (let row = 0; row < lengths.length; row++) {
    let squares = 0;
    for (let i = row * dimension; i < (row + 1) * dimension; i++) squares += values[i]! * values[i]!;
    lengths[row] = Math.sqrt(squares);
  }
  return lengths;
}

function cosine(query: Float32Array, rows: Float32Array, from: number, lengths: number): number {
  let dot = 0;
  for (let i = 0; i < query.length; i++) dot += query[i]! * rows[from + i]!;
  return lengths === 0 ? 0 : Math.min(1, Math.max(-1, dot / lengths));
}

/** Keeps the best so far in order: one comparison for most rows, whatever their number. */
function highest(cosines: Float64Array, top: number): ReadonlyArray<Neighbour> {
  const best: Array<Neighbour> = [];
  for (const [row, value] of cosines.entries()) {
    if (best.length === top && value <= best.at(-1)!.cosine) continue;
    let place = best.length;
    while (place > 0 && best[place - 1]!.cosine < value) place--;
    best.splice(place, 0, { row, cosine: value });
    if (best.length > top) best.pop();
  }
  return best;
}
