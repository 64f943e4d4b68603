/**
 * Mean and sample standard deviation (divisor n − 1) of the same number over runs, in float64 and in the order given.
 * @returns `deviation` undefined of a single value: one run says nothing of a spread
 */
export function meanAndDeviation(values: ReadonlyArray<number>): {
  readonly mean: number;
  readonly deviation: number | undefined;
} {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: undefined };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
