/**
 * Gradients as an optimizer takes them: dense, or only those rows of a table that a batch touched. The gradient of an
 * embedding table of 30,522 rows has a few hundred rows that are not zero; nothing here ever fills the others.
 */

/** Same layout as the parameter. */
export type DenseGradient = Float32Array;

/** Rows of a `[rows, dim]` parameter; all others are zero. */
export interface RowGradient {
  /** Each row at most once. */
  readonly rows: Int32Array;
  /** [rows.length, dim] */
  readonly values: Float32Array;
  /** Rows of the whole parameter. */
  readonly tableRows: number;
}

export type Gradient = DenseGradient | RowGradient;
export type Gradients = ReadonlyMap<string, Gradient>;

export const gradientValues = (gradient: Gradient): Float32Array =>
  gradient instanceof Float32Array ? gradient : gradient.values;

/**
 * Adds up the gradients of equal rows: what the look-up of ids in a table leaves behind.
 *
 * Sums run in the order of the occurrences, so the result depends on nothing else. Rows come in ascending order.
 * @param ids row of each occurrence; negative ones are skipped (tokens that only fill a bucket)
 * @param values [ids.length, dim]
 */
export function sumRows(ids: Int32Array, values: Float32Array, dim: number, tableRows: number): RowGradient {
  const rows = Int32Array.from(new Set(ids.filter((id) => id >= 0))).sort();
  const place = new Map<number, number>();
  rows.forEach((row, i) => place.set(row, i * dim));
  const sums = new Float32Array(rows.length * dim);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i]! < 0) continue;
    const to = place.get(ids[i]!)!;
    const from = i * dim;
    for (let j = 0; j < dim; j++) sums[to + j]! += values[from + j]!;
  }
  return { rows, values: sums, tableRows };
}
