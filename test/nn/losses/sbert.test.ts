import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { focal, type FocalInputs } from "../../../src/nn/losses/focal.ts";
import {
  softmaxClassification,
  type SoftmaxClassificationInputs,
} from "../../../src/nn/losses/softmaxClassification.ts";
import { tripletMargin, type TripletMarginInputs } from "../../../src/nn/losses/tripletMargin.ts";
import { pairFeatures } from "../../../src/nn/modules/pairFeatures.ts";
import { engines, evaluate, expectClose } from "./lossRig.ts";

const pair = {
  left: [[1, 2]],
  right: [[2, 1]],
  weight: [
    [0.1, -0.2, 0.3, 0, 0.5, -0.5],
    [0.2, 0.1, -0.1, 0.4, -0.3, 0.2],
    [0, 0.3, 0.1, -0.2, 0.1, 0.1],
  ],
  bias: [0.1, 0, -0.1],
};

interface Classified extends SoftmaxClassificationInputs {
  readonly left: tf.Tensor2D;
  readonly right: tf.Tensor2D;
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

function classified({ left, right, weight, bias, classes }: Classified): tf.Scalar {
  const features = pairFeatures(left, right, "u,v,|u-v|");
  return softmaxClassification({ logits: tf.add(tf.matMul(features, weight, false, true), bias), classes });
}

describe.each(engines)("SBERT's losses on the %s engine", (_, engine) => {
  it.each([
    [0, 1.23983106084446],
    [2, 0.93983106084446],
  ])("give the worked value of (u, v, |u-v|) for class %i", async (right, expected) => {
    const given = { ...pair, classes: [right] };
    const { value, gradients } = await evaluate(engine(), classified, given, ["bias", "left"], ["classes"]);
    expect(value).toBeCloseTo(expected, 6);
    const softmax = [0.289433110394, 0.319873056336, 0.39069383327];
    expectClose(
      gradients["bias"]!,
      softmax.map((p, i) => p - (i === right ? 1 : 0)),
      1e-6,
    );
  });

  const triple = { anchors: [[0, 0]], positives: [[1, 1]], negatives: [[3, 0]] };
  it.each([
    [{ margin: 1 }, 0],
    [{ margin: 5 }, 3.41421356237309],
    [{ margin: 5, epsilon: 1e-6 }, 3.41421314815937],
  ])("give the worked value of a triple with %o", async (options, expected) => {
    const loss = (inputs: TripletMarginInputs) => tripletMargin(inputs, options);
    const { value, gradients } = await evaluate(engine(), loss, triple, ["anchors"]);
    expect(value).toBeCloseTo(expected, 6);
    if (expected === 0) expect(gradients["anchors"]!.map(Math.abs)).toEqual([0, 0]);
  });

  it.each([
    [0.9, 0.00105360515657826],
    [0.7, 0.0321007449544859],
    [0.3, 0.589946674119709],
  ])("give the worked focal values of a class that has probability %f", async (p, expected) => {
    const given = { logits: [[Math.log(p), Math.log(1 - p)]], classes: [0] };
    const valueOf = async (gamma: number, alpha: number) => {
      const loss = (inputs: FocalInputs) => focal(inputs, { gamma, alpha });
      return (await evaluate(engine(), loss, given, ["logits"], ["classes"])).value;
    };
    expect(Math.abs((await valueOf(2, 1)) / expected - 1)).toBeLessThan(1e-5);
    expect(Math.abs((await valueOf(2, 0.25)) / (0.25 * expected) - 1)).toBeLessThan(1e-5);
    expect(await valueOf(0, 1)).toBeCloseTo(-Math.log(p), 6); // no focus: cross-entropy
  });
});
