/** Runs programs on engines, and measures how far results are apart. */
import * as tf from "@tensorflow/tfjs-core";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import type { EngineShape, Feeds, Program, Tensors } from "../../src/engine/Engine.ts";
import { withGradients } from "../../src/engine/withGradients.ts";
import { mix32 } from "../../src/nn/random.ts";
import type { DType, TensorSpec, TypedArray } from "../../src/nn/TensorSpec.ts";

export type Results = { readonly [name: string]: Float32Array };

/** Numbers between -1 and 1 that look random and never change. */
export const numbers = (length: number, salt = 0): Float32Array =>
  Float32Array.from({ length }, (_, i) => mix32(i * 7919 + salt * 104729 + 1) / 2 ** 31);

export interface Input {
  readonly shape: ReadonlyArray<number>;
  readonly values: TypedArray;
  readonly dtype?: DType;
}

export interface Case {
  readonly inputs: { readonly [name: string]: Input };
  /** A scalar is the loss itself; anything else is weighed and summed to one, so that every element counts differently. */
  readonly build: (tensors: Tensors) => tf.Tensor;
  /** Default: all float32 inputs. */
  readonly wrt?: ReadonlyArray<string>;
}

export const floats = (shape: ReadonlyArray<number>, salt = 0): Input => ({
  shape,
  values: numbers(
    shape.reduce((a, b) => a * b, 1),
    salt,
  ),
});
export const ints = (shape: ReadonlyArray<number>, values: ArrayLike<number>): Input => ({
  shape,
  values: Int32Array.from(values),
  dtype: "int32",
});
export const bools = (shape: ReadonlyArray<number>, values: ArrayLike<number>): Input => ({
  shape,
  values: Uint8Array.from(values),
  dtype: "bool",
});

const specsOf = (inputs: Case["inputs"]): ReadonlyArray<TensorSpec> =>
  Object.entries(inputs).map(([name, { shape, dtype }]) => ({ name, shape, dtype: dtype ?? "float32" }));

const feedsOf = (inputs: Case["inputs"]): Feeds =>
  Object.fromEntries(Object.entries(inputs).map(([name, { values }]) => [name, values]));

export const weighed = (value: tf.Tensor): tf.Tensor => {
  if (value.rank === 0) return value;
  const weights = tf.tensor(numbers(value.size, 77), value.shape);
  return tf.sum(tf.mul(tf.cast(value, "float32"), weights));
};

let programs = 0;

export function caseProgram({ inputs, build, wrt }: Case): Program {
  const specs = specsOf(inputs);
  const differentiated = wrt ?? specs.filter((spec) => spec.dtype === "float32").map((spec) => spec.name);
  const program = { key: `case ${programs++}`, inputs: specs };
  const built = (tensors: Tensors) => {
    const value = build(tensors);
    return { loss: weighed(value), value: tf.cast(value, "float32") };
  };
  return differentiated.length === 0
    ? { ...program, build: built }
    : withGradients({ ...program, wrt: differentiated, build: built });
}

export async function runOn(engine: EngineShape, program: Program, feeds: Feeds): Promise<Results> {
  return (await engine.compile(program)).run(feeds);
}

/** Value and gradients of a case. */
export const runCase = (engine: EngineShape, each: Case): Promise<Results> =>
  runOn(engine, caseProgram(each), feedsOf(each.inputs));

/** ‖a - b‖ / ‖b‖, with a floor for results that are zero but for rounding. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>, floor = 1e-3): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference) / (Math.sqrt(size) + floor);
}

/** The worst relative error over all results, by name. */
export function worstError(found: Results, expected: Results): { readonly name: string; readonly error: number } {
  let worst = { name: "", error: 0 };
  for (const name of Object.keys(expected)) {
    const error = relativeError(found[name] ?? [], expected[name]!);
    if (!(error <= worst.error)) worst = { name, error };
  }
  return worst;
}

/**
 * The gradient by central differences of the loss on the cpu engine. Steps of 1e-2 on float32 leave about 1e-3: rounding
 * (1e-7 / 1e-2) and curvature (1e-4 × the third derivative).
 */
export async function differences(each: Case, name: string, step = 1e-2): Promise<Float32Array> {
  const engine = new CpuEngine();
  const executable = await engine.compile(caseProgram({ ...each, wrt: [] }));
  const values = each.inputs[name]!.values;
  const slopes = new Float32Array(values.length);
  const lossAt = async (i: number, shift: number) => {
    const shifted = values.slice();
    shifted[i]! += shift;
    return (await executable.run({ ...feedsOf(each.inputs), [name]: shifted }))["loss"]![0]!;
  };
  for (let i = 0; i < values.length; i++) slopes[i] = ((await lossAt(i, step)) - (await lossAt(i, -step))) / (2 * step);
  return slopes;
}
