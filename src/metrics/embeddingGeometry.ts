/**
 * How embeddings lie on the unit sphere (Wang & Isola 2020): alignment of what belongs together, uniformity of everything.
 * Lower is better for both.
 */

/**
 * Mean squared distance of the two sides of positive pairs, 0 to 4, from their cosines: on unit vectors it is 2 - 2 cos.
 *
 * @throws RangeError without pairs.
 */
export function alignment(cosines: ArrayLike<number>): number {
  if (cosines.length === 0) throw new RangeError("alignment needs at least one pair");
  let sum = 0;
  for (let i = 0; i < cosines.length; i++) sum += 2 - 2 * cosines[i]!;
  return sum / cosines.length;
}

/**
 * log mean exp(-2 d²) over the pairs i < j, -8 to 0; pairs of a row with itself are left out, as in the authors' released
 * function. Rows need not be unit vectors, they are normalised here. Costs rows² × dimension / 2 products.
 *
 * @param embeddings `[rows, dimension]`, row-major
 * @throws RangeError with fewer than two rows.
 */
export function uniformity(embeddings: Float32Array, dimension: number): number {
  const unit = unitRows(embeddings, dimension);
  const rows = unit.length / dimension;
  if (rows < 2) throw new RangeError(`uniformity needs two embeddings, got ${rows}`);
  let sum = 0;
  for (let i = 1; i < rows; i++) {
    const row = unit.subarray(i * dimension, (i + 1) * dimension);
    for (let j = 0; j < i; j++) {
      let dot = 0;
      for (let k = 0, at = j * dimension; k < dimension; k++, at++) dot += row[k]! * unit[at]!;
      sum += Math.exp(4 * dot - 4); // d² = 2 - 2 dot on unit vectors
    }
  }
  return Math.log(sum / ((rows * (rows - 1)) / 2));
}

/** Every row divided by its length, in double precision; a row of zeros stays. */
function unitRows(values: Float32Array, dimension: number): Float64Array {
  const unit = Float64Array.from(values);
  for (let start = 0; start < unit.length; start += dimension) {
    const row = unit.subarray(start, start + dimension);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let k = 0; k < dimension; k++) row[k]! /= length;
  }
  return unit;
}
