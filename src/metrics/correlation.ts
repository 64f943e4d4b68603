/** Correlations of two columns of numbers, as similarity tasks are scored (times 100 there, plain here). */

/**
 * Spearman's rank correlation, -1 to 1, with average ranks on ties; 0 where one column is constant, since there is no order
 * to agree with (never NaN: a NaN would win or lose every comparison by accident).
 *
 * @throws RangeError when the columns differ in length, have fewer than two rows, or hold NaN.
 */
export function spearman(one: ArrayLike<number>, other: ArrayLike<number>): number {
  checkColumns(one, other);
  return pearson(averageRanks(one), averageRanks(other));
}

/** Pearson's correlation, -1 to 1; 0 where one column is constant. Errors as `spearman`. */
export function pearson(one: ArrayLike<number>, other: ArrayLike<number>): number {
  checkColumns(one, other);
  const [meanOne, meanOther] = [mean(one), mean(other)];
  let [product, squaresOne, squaresOther] = [0, 0, 0];
  for (let i = 0; i < one.length; i++) {
    const [x, y] = [one[i]! - meanOne, other[i]! - meanOther];
    product += x * y;
    squaresOne += x * x;
    squaresOther += y * y;
  }
  const scale = Math.sqrt(squaresOne * squaresOther);
  return scale === 0 ? 0 : Math.max(-1, Math.min(1, product / scale));
}

/** Ranks from 1; equal values share the mean of the ranks they take together. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function checkColumns(one: ArrayLike<number>, other: ArrayLike<number>): void {
  if (one.length !== other.length) throw new RangeError(`columns of ${one.length} and ${other.length} rows`);
  if (one.length < 2) throw new RangeError(`a correlation needs two rows, got ${one.length}`);
  for (const values of [one, other])
    for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) throw new RangeError(`row ${i} is NaN`);
}
