import * as tf from "@tensorflow/tfjs-core";
import { assert, describe, it } from "vitest";
import { featureWidth } from "../../../src/nn/modules/pairFeatures.ts";
import { type PairClassifier, pairClassifierSpecs, pairClassLogits } from "../../../src/nn/modules/pairClassifier.ts";
import { softmaxClassification } from "../../../src/nn/losses/softmaxClassification.ts";
import type { Tensors } from "../../../src/nn/TensorSpec.ts";
import { engines, evaluate, expectClose } from "../losses/lossRig.ts";

const plain: PairClassifier = { concatenation: "u,v,|u-v|", classes: 3, hiddenSize: 0 };

/** Methods §7.3. */
const given = {
  left: [[1, 2]],
  right: [[2, 1]],
  weight: [
    [0.1, -0.2, 0.3, 0, 0.5, -0.5],
    [0.2, 0.1, -0.1, 0.4, -0.3, 0.2],
    [0, 0.3, 0.1, -0.2, 0.1, 0.1],
  ],
  bias: [0.1, 0, -0.1],
  classes: [0],
};

interface Given {
  readonly left: tf.Tensor2D;
  readonly right: tf.Tensor2D;
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
  readonly classes: tf.Tensor1D;
}

const named = ({ weight, bias }: Given): Tensors => ({
  "pairs.classifier.weight": weight,
  "pairs.classifier.bias": bias,
});

const logitsOf = (inputs: Given): tf.Tensor2D => pairClassLogits(inputs.left, inputs.right, named(inputs), plain);
const loss = (inputs: Given): tf.Scalar => softmaxClassification({ logits: logitsOf(inputs), classes: inputs.classes });

describe.each(engines)("the classifier of pairs on the %s engine", (_, engine) => {
  const valueOf = async (loss: (inputs: Given) => tf.Scalar, classes = [0]) =>
    (await evaluate(engine(), loss, { ...given, classes }, ["left", "right"], ["classes"])).value;

  it("gives the worked logits, and the loss of each class", async () => {
    for (const [column, logit] of [0.4, 0.5, 0.7].entries()) {
      const found = await valueOf(
        (inputs) =>
          tf.add(tf.sum(tf.slice(logitsOf(inputs), [0, column], [1, 1])), tf.mul(tf.sum(inputs.left), 0)) as tf.Scalar,
      );
      assert.approximately(found, logit, 1e-6);
    }
    assert.approximately(await valueOf(loss), 1.23983106084446, 1e-6);
    assert.approximately(await valueOf(loss, [2]), 0.93983106084446, 1e-6);
  });

  it("drops features before the hidden layer, and scales those it keeps", async () => {
    const classifier: PairClassifier = { concatenation: "u,v", classes: 1, hiddenSize: 2 };
    const hidden = [
      [1, 0, 0, 0],
      [0, 0, 0, -1],
    ];
    const { value, gradients } = await evaluate(
      engine(),
      ({ left, right, weight, bias, mask }: Omit<Given, "classes"> & { readonly mask: tf.Tensor2D }) => {
        const tensors = {
          "pairs.hidden.weight": weight,
          "pairs.hidden.bias": bias,
          "pairs.classifier.weight": tf.tensor2d([[1, 1]]),
          "pairs.classifier.bias": tf.tensor1d([0.5]),
        };
        const kept = { mask: tf.cast(mask, "bool"), scale: 2 };
        return tf.sum(pairClassLogits(left, right, tensors, classifier, kept)) as tf.Scalar;
      },
      { left: given.left, right: given.right, weight: hidden, bias: [0, 0.25], mask: [[1, 1, 0, 1]] },
      ["left", "right"],
    );
    // relu(2 · 1) + relu(-2 · 1 + 0.25) + 0.5
    assert.approximately(value, 2.5, 1e-6);
    expectClose([...gradients["left"]!, ...gradients["right"]!], [2, 0, 0, 0], 1e-6);
  });
});

describe("the parameters of the classifier", () => {
  it("fit its features, with and without a hidden layer", () => {
    assert.deepStrictEqual(
      pairClassifierSpecs(plain, 2).map(({ name, shape }) => [name, shape]),
      [
        ["pairs.classifier.weight", [3, 6]],
        ["pairs.classifier.bias", [3]],
      ],
    );
    assert.strictEqual(featureWidth("u,v,|u-v|,u*v", 5), 20);
    assert.deepStrictEqual(
      pairClassifierSpecs({ ...plain, hiddenSize: 4 }, 2).map(({ shape }) => shape),
      [[4, 6], [4], [3, 4], [3]],
    );
  });
});
