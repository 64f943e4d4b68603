/**
 * Gradients that are differentiated again, operation by operation: half the squared length of a case's gradients has gradients
 * of its own, the same on all engines, and as differences give them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, assert, describe, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import type { Tensors } from "../../src/engine/Engine.ts";
import { differentiate } from "../../src/nn/gradients/differentiate.ts";
import { type Case, differences, relativeError, runCase, weighed, worstError } from "../kit/engineRig.ts";
import { otherEngines } from "../kit/engines.ts";
import { differentiable } from "./operationCases.ts";

const floatInputs = ({ inputs, wrt }: Case): ReadonlyArray<string> =>
  Object.keys(inputs).filter(
    (name) => (inputs[name]!.dtype ?? "float32") === "float32" && wrt?.includes(name) !== false,
  );

/** Half the squared length of the gradients. And nothing times the inputs: the gradients of linear operations depend on none. */
function penaltyOf(each: Case): Case {
  const names = floatInputs(each);
  const build = (tensors: Tensors): tf.Tensor => {
    const xs = names.map((name) => tensors[name]!);
    const { gradients } = differentiate(() => ({ loss: weighed(each.build(tensors)) }), xs);
    const squares = gradients.map((gradient) => tf.mul(tf.sum(tf.square(gradient!)), 0.5));
    return tf.addN([...squares, ...xs.map((x) => tf.sum(tf.mul(x, 0)))]);
  };
  return { ...each, wrt: names, build };
}

const cpu = new CpuEngine();

describe.each(otherEngines)("on the %s engine as on cpu", (_, open) => {
  const engine = open(1);
  afterAll(() => engine.close());

  for (const [name, each] of Object.entries(differentiable))
    it(`${name} has the same second derivatives`, async () => {
      const second = penaltyOf(each);
      const worst = worstError(await runCase(engine, second), await runCase(cpu, second));
      assert.isBelow(worst.error, 5e-6, worst.name);
    });
});

describe("on the cpu engine", () => {
  for (const [name, each] of Object.entries(differentiable))
    it(`the second derivative of ${name} agrees with differences`, async () => {
      const before = tf.memory().numTensors;
      const second = penaltyOf(each);
      const found = await runCase(cpu, second);
      for (const input of floatInputs(each)) {
        const error = relativeError(found[`gradient:${input}`]!, await differences(second, input));
        assert.isBelow(error, 4e-3, input);
      }
      assert.strictEqual(tf.memory().numTensors, before);
    });
});
