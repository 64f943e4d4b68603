/** Value and gradients of a loss on tfjs's own cpu backend, as plain numbers; checks that no tensor is left behind. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

export interface Given {
  readonly [name: string]: tf.TensorLike;
}

export interface Result {
  readonly value: number;
  readonly gradients: { readonly [name: string]: ReadonlyArray<number> };
}

/** @param differentiable the inputs whose gradients are wanted; `integers` are int32 */
export async function onCpu<Inputs>(
  loss: (inputs: Inputs) => tf.Scalar,
  given: Given,
  differentiable: ReadonlyArray<string>,
  integers: ReadonlyArray<string> = [],
): Promise<Result> {
  await tf.setBackend("cpu");
  await tf.ready();
  const before = tf.memory().numTensors;
  const result = tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(given).map(([name, values]) => [
        name,
        tf.tensor(values, undefined, integers.includes(name) ? "int32" : "float32"),
      ]),
    );
    const ofDifferentiable = (...wanted: Array<tf.Tensor>) =>
      loss({ ...tensors, ...Object.fromEntries(differentiable.map((name, i) => [name, wanted[i]])) } as Inputs);
    const { value, grads } = tf.valueAndGrads(ofDifferentiable)(differentiable.map((name) => tensors[name]!));
    return {
      value: value.dataSync()[0]!,
      gradients: Object.fromEntries(differentiable.map((name, i) => [name, [...grads[i]!.dataSync()]])),
    };
  });
  expect(tf.memory().numTensors).toBe(before);
  return result;
}

export function expectClose(actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(Math.abs(actual[i]! - value), `element ${i}`).toBeLessThan(tolerance));
}
