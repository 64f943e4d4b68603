/** The rows of a matrix with the highest cosines to each of some vectors: every one compared, none approximated. */

export interface Neighbour {
  readonly row: number;
  /** -1 to 1; 0 with a vector of zeros. */
  readonly cosine: number;
}

/** Queries that pass over the rows together: each number of a row is read and widened once for all of them. */
const together = 4;

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
  const best = Array.from(queryLengths, (): Array<Neighbour> => []);
  for (let first = 0; first < best.length; first += together) {
    const group = Array.from({ length: together }, (_, i) =>
      // The last group is filled up with its first query.
      Float64Array.from(rowOf(queries, first + i < best.length ? first + i : first, dimension)),
    );
    const products = new Float64Array(together);
    for (let row = 0; row < lengths.length; row++) {
      multiply(group, rowOf(rows, row, dimension), products);
      for (let i = 0; i < together && first + i < best.length; i++)
        keep(best[first + i]!, row, cosine(products[i]!, queryLengths[first + i]! * lengths[row]!), top);
    }
  }
  return best;
}

const rowOf = (values: Float32Array, row: number, dimension: number): Float32Array =>
  values.subarray(row * dimension, (row + 1) * dimension);

function rowLengths(values: Float32Array, dimension: number): Float64Array {
  const lengths = new Float64Array(values.length / dimension);
  for (let row = 0; row < lengths.length; row++) {
    let squares = 0;
    for (let i = row * dimension; i < (row + 1) * dimension; i++) squares += values[i]! * values[i]!;
    lengths[row] = Math.sqrt(squares);
  }
  return lengths;
}

/** Products of a row with each vector of a group. */
function multiply(group: ReadonlyArray<Float64Array>, row: Float32Array, products: Float64Array): void {
  const [one, two, three, four] = group as [Float64Array, Float64Array, Float64Array, Float64Array];
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!;
    a += one[i]! * value;
    b += two[i]! * value;
    c += three[i]! * value;
    d += four[i]! * value;
  }
  products[0] = a;
  products[1] = b;
  products[2] = c;
  products[3] = d;
}

const cosine = (product: number, lengths: number): number =>
  lengths === 0 ? 0 : Math.min(1, Math.max(-1, product / lengths));

/** Keeps the best so far in order: one comparison for most rows, whatever their number. */
function keep(best: Array<Neighbour>, row: number, value: number, top: number): void {
  if (best.length === top && value <= best[top - 1]!.cosine) return;
  let place = best.length;
  while (place > 0 && best[place - 1]!.cosine < value) place--;
  best.splice(place, 0, { row, cosine: value });
  if (best.length > top) best.pop();
}
