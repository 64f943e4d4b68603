/** An axis of a figure: where a value stands, and at which values there are ticks. */
export interface Axis {
  /** Value → place in the figure. */
  readonly place: (value: number) => number;
  /** Multiples of 1, 2 or 5 × a power of ten, rising; about five of them. */
  readonly ticks: ReadonlyArray<number>;
  /** With as many decimals as tell the ticks apart. */
  readonly text: (tick: number) => string;
}

/** Room on either side, as a share of what the values take. */
const room = 0.1;

/**
 * @param values each with its spread: both ends of its bar are on the axis
 * @param places of the lowest and the highest value; `from` may be the greater one
 * @throws RangeError where there is no value, or one is no number
 */
export function axisOf(
  values: ReadonlyArray<readonly [value: number, spread: number]>,
  { from, to }: { readonly from: number; readonly to: number },
): Axis {
  const least = Math.min(...values.map(([value, spread]) => value - spread));
  const most = Math.max(...values.map(([value, spread]) => value + spread));
  if (!Number.isFinite(most - least)) throw new RangeError("an axis needs values that are numbers");
  const span = spanOf(least, most);
  const low = least - room * span;
  const high = most + room * span;
  const { step, decimals } = tickStep(high - low);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return {
    place: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: count }, (_, i) => (first + i) * step),
    text: (tick) => tick.toFixed(decimals).replace(/^-(0\.?0*)$/, "$1"),
  };
}

/** Values that are all one, but for rounding, have an axis around them. */
function spanOf(least: number, most: number): number {
  const size = Math.max(Math.abs(least), Math.abs(most));
  if (size < 1e-9) return 1;
  return most - least > 1e-9 * size ? most - least : size;
}

/** The largest step of 1, 2 or 5 × a power of ten that gives at least four ticks. */
function tickStep(span: number): { readonly step: number; readonly decimals: number } {
  const exponent = Math.floor(Math.log10(span / 4));
  const power = 10 ** exponent;
  const factor = [5, 2, 1].find((factor) => factor * power <= span / 4) ?? 1;
  return { step: factor * power, decimals: Math.max(0, -exponent) };
}
