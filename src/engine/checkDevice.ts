/**
 * Whether an engine really computes: one product and its gradients, beside plain loops. A device that loads but gives other
 * numbers (a reduced precision, a broken driver) must not train anything.
 */
import * as tf from "@tensorflow/tfjs-core";
import { mix32 } from "../nn/random.ts";
import type { EngineShape } from "./Engine.ts";
import { gradientName, withGradients } from "./withGradients.ts";

/** Not powers of two, and long enough that precisions tell: TensorFloat-32 and half floats are off by 1e-3. */
const [rows, inner, columns] = [48, 112, 80];
/** float32 sums of 112 products, in any order. */
const tolerance = 1e-5;

/** The engine computes, but not in float32. */
export class WrongNumbers extends Error {}

/** Throws `WrongNumbers`; what the engine throws passes as it is. */
export async function checkDevice(engine: EngineShape): Promise<void> {
  const a = noise(rows * inner, 1);
  const b = noise(inner * columns, 2);
  const weights = noise(rows * columns, 3);
  const shapes = { a: [rows, inner], b: [inner, columns], weights: [rows, columns] };
  const program = withGradients({
    key: "check of the device",
    inputs: Object.entries(shapes).map(([name, shape]) => ({ name, shape, dtype: "float32" })),
    wrt: ["a", "b"],
    build: ({ a, b, weights }) => {
      const product = tf.matMul(a!, b!);
      return { loss: tf.sum(tf.mul(product, weights!)), product };
    },
  });
  const found = await (await engine.compile(program)).run({ a, b, weights });
  const expected = {
    product: productOf(rows, columns, inner, (i, j, k) => a[i * inner + k]! * b[k * columns + j]!),
    [gradientName("a")]: productOf(rows, inner, columns, (i, j, k) => weights[i * columns + k]! * b[j * columns + k]!),
    [gradientName("b")]: productOf(inner, columns, rows, (i, j, k) => a[k * inner + i]! * weights[k * columns + j]!),
  };
  for (const [name, values] of Object.entries(expected)) {
    const error = relativeError(found[name]!, values);
    if (!(error < tolerance))
      throw new WrongNumbers(
        `its ${name} of a product is off by ${error.toExponential(1)}, which is not float32's rounding`,
      );
  }
}

const noise = (length: number, salt: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => mix32(i * 7919 + salt * 104_729 + 1) / 2 ** 31);

/** Sums in double precision. */
function productOf(
  rows: number,
  columns: number,
  inner: number,
  term: (i: number, j: number, k: number) => number,
): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += term(Math.floor(at / columns), at % columns, k);
    return sum;
  });
}

function relativeError(found: Float32Array, expected: Float64Array): number {
  let difference = 0;
  let size = 0;
  expected.forEach((value, i) => {
    difference += (found[i]! - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / size);
}
