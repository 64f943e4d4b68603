/** Value and gradients of a loss on each engine, as plain numbers; checks that no tensor is left behind. */
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { EngineShape, TypedArray } from "../../../src/engine/Engine.ts";
import { gradientName, withGradients } from "../../../src/engine/withGradients.ts";
import { engines } from "../../kit/engines.ts";

export type Given = { readonly [name: string]: ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>> };

export interface Result {
  readonly value: number;
  readonly gradients: { readonly [name: string]: ReadonlyArray<number> };
}

export { engines };

/** @param wrt the inputs whose gradients are wanted; `integers` are int32 */
export async function evaluate<Inputs>(
  engine: EngineShape,
  loss: (inputs: Inputs) => tf.Scalar,
  given: Given,
  wrt: ReadonlyArray<string>,
  integers: ReadonlyArray<string> = [],
): Promise<Result> {
  const before = tf.memory().numTensors;
  const inputs = Object.entries(given).map(([name, values]) => ({
    name,
    shape: Array.isArray(values[0]) ? [values.length, values[0].length] : [values.length],
    dtype: integers.includes(name) ? ("int32" as const) : ("float32" as const),
  }));
  const feeds: { [name: string]: TypedArray } = {};
  for (const { name, dtype } of inputs)
    feeds[name] = (dtype === "int32" ? Int32Array : Float32Array).from(given[name]!.flat() as ReadonlyArray<number>);
  const program = withGradients({
    key: JSON.stringify(given),
    inputs,
    wrt,
    build: (tensors) => ({ loss: loss(tensors as Inputs) }),
  });
  const outputs = await (await engine.compile(program)).run(feeds);
  expect(tf.memory().numTensors).toBe(before);
  await engine.close();
  const gradients = Object.fromEntries(wrt.map((name) => [name, Array.from(outputs[gradientName(name)]!)]));
  return { value: outputs["loss"]![0]!, gradients };
}

export function expectClose(actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(Math.abs(actual[i]! - value), `element ${i}`).toBeLessThan(tolerance));
}
