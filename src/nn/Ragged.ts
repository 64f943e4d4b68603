/** Rows of unequal length, flat: row i is `values[offsets[i] .. offsets[i + 1])`. */
export interface Ragged {
  /** Length rows + 1, from 0, never falling. */
  readonly offsets: Int32Array;
  readonly values: Int32Array;
}

export const raggedRows = (ragged: Ragged): number => ragged.offsets.length - 1;

export const raggedRow = (ragged: Ragged, row: number): Int32Array =>
  ragged.values.subarray(ragged.offsets[row]!, ragged.offsets[row + 1]!);

export function raggedFrom(rows: ReadonlyArray<ArrayLike<number>>): Ragged {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + row.length));
  const values = new Int32Array(offsets[rows.length]!);
  rows.forEach((row, i) => values.set(row, offsets[i]));
  return { offsets, values };
}
