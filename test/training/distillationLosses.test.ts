import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it } from "vitest";
import "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { headParameters } from "../../src/nn/parameters.ts";
import { biEncoder } from "../../src/training/methods/biEncoder.ts";
import { crossEncoder } from "../../src/training/methods/crossEncoder.ts";
import { biEncoderObjectives, crossEncoderObjectives } from "../../src/training/distillationLosses.ts";
import { biEncoderLosses, crossEncoderLosses } from "../../src/training/options.ts";
import { train } from "../../src/training/train.ts";
import { withOneLogit } from "../../src/training/trainedModel.ts";
import { tinyBackbone, tinyOptions, tinyPairs, tinyScores } from "./tinyModel.ts";

const model = tinyBackbone();
const pairs = tinyPairs(4);
const cross = { ...tinyOptions, labels: "cosine-raw" as const, bothOrders: true };
const scores = (...values: ReadonlyArray<number>) => ({
  ...tinyScores(0, "cosine"),
  values: Float32Array.from(values),
});
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };

/** Value of a cross-encoder's loss of one pair. */
const valueOf = (name: keyof typeof crossEncoderObjectives, outputs: ReadonlyArray<number>, label: number): number =>
  tf.tidy(() => {
    const { loss } = crossEncoderObjectives[name];
    return loss(tf.tensor2d([[...outputs]]), tf.tensor1d([label])).dataSync()[0]!;
  });
const crossEntropy = (logit: number, label: number) => Math.log1p(Math.exp(logit)) - logit * label;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Few enough to be learnt by heart, and one batch, so that losses are of the same rows. */
const learnable = { ...tinyOptions, batchSize: 16, epochs: 40, learningRate: 1e-2, dropout: 0 };
const onnx = new OnnxEngine();
afterAll(() => onnx.close());

describe("what teaches a cross-encoder", () => {
  it("acts on the probability that is handed on, or on the logit of it", () => {
    const far = sigmoid(2) - 0.3;
    expect(valueOf("mse", [2], 0.3)).toBeCloseTo(far ** 2, 6);
    expect(valueOf("log-cosh", [2], 0.3)).toBeCloseTo(Math.log(Math.cosh(far)), 6);
    expect(valueOf("bce", [2], 0.3)).toBeCloseTo(-0.3 * Math.log(sigmoid(2)) - 0.7 * Math.log(sigmoid(-2)), 6);
    const share = Math.exp(2) / (Math.exp(0.5) + Math.exp(2)); // of the class "alike"
    expect(valueOf("softmax", [0.5, 2], 0.3)).toBeCloseTo(-0.3 * Math.log(share) - 0.7 * Math.log(1 - share), 6);
  });

  it("says which labels it cannot take", () => {
    const warned = (loss: keyof typeof crossEncoderObjectives) =>
      crossEncoder(model, pairs, scores(0.5, -0.5, 1, 0), { ...cross, loss }, 1).warnings;
    for (const loss of ["bce", "softmax"] as const)
      expect(warned(loss)).toEqual([
        "1 of 4 labels are below 0, where the loss has no lower bound (the first: label 2, -0.5). Set labels to clamp or affine to avoid it.",
      ]);
    for (const loss of ["mse", "log-cosh"] as const)
      expect(warned(loss)).toEqual([
        "1 of 4 labels are below 0, where no probability reaches (the first: label 2, -0.5). Set labels to clamp or affine to avoid it.",
      ]);
    const failing = { ...cross, loss: "mse" as const, guards: { labels: "fail" as const } };
    expect(() => crossEncoder(model, pairs, scores(0.5, -0.5, 1, 0), failing, 1)).toThrow("1 of 4 labels are below 0");
  });

  it.each(crossEncoderLosses)("learns with %s, in one order as in both, and ends with one logit", async (loss) => {
    for (const bothOrders of [true, false]) {
      const options = { ...cross, ...learnable, loss, bothOrders };
      const method = crossEncoder(model, tinyPairs(8), tinyScores(8), options, 1);
      const { weights, curve } = await train(method, onnx, options, quiet);
      const losses = curve.series["loss"]!;
      const floor = curve.series["labelEntropy"] ?? losses.map(() => 0);
      expect("labelEntropy" in curve.series).toBe(crossEncoderObjectives[loss].endsAtEntropy);
      const above = (step: number) => losses.at(step)! - floor.at(step)!;
      expect(above(-1)).toBeGreaterThan(-1e-6);
      expect(above(-1)).toBeLessThan(0.5 * above(0));
      expect(withOneLogit(weights).get(headParameters.classifierWeight)!.shape).toEqual([1, model.config.hiddenSize]);
    }
  });

  it("of two classes becomes one logit of the same probability; one of a single logit stays as it is", () => {
    const twoClasses = new Map([
      [headParameters.classifierWeight, { shape: [2, 3], values: Float32Array.of(1, 2, 3, 0.5, -1, 4) }],
      [headParameters.classifierBias, { shape: [2], values: Float32Array.of(0.25, 1) }],
    ]);
    const folded = withOneLogit(twoClasses);
    expect(folded.get(headParameters.classifierWeight)).toEqual({
      shape: [1, 3],
      values: Float32Array.of(-0.5, -3, 1),
    });
    expect(folded.get(headParameters.classifierBias)).toEqual({ shape: [1], values: Float32Array.of(0.75) });
    expect(withOneLogit(folded)).toBe(folded);
  });
});

const warned = (loss: keyof typeof biEncoderObjectives, ...values: ReadonlyArray<number>) =>
  biEncoder(model, pairs, scores(...values), "mean", { ...tinyOptions, loss }, 1).warnings;

describe("what teaches a bi-encoder", () => {
  it("says which labels it cannot take: no cosine beyond 1, for cross-entropy no probability below 0", () => {
    for (const loss of ["mse", "log-cosh"] as const) {
      expect(warned(loss, 0, -1, 1, 0.5)).toEqual([]);
      expect(warned(loss, 0, -1, 5, 0.5)![0]).toMatch(/^1 of 4 labels are outside -1 to 1, where no cosine reaches/);
    }
    expect(warned("bce", 0, -1, 1, 0.5)).toEqual([
      "1 of 4 labels are below 0, and are no probabilities (the first: label 2, -1). Link scores that are probabilities.",
    ]);
  });

  it.each(biEncoderLosses)("learns with %s", async (loss) => {
    const options = { ...learnable, loss };
    const method = biEncoder(model, tinyPairs(8), tinyScores(8), "mean", options, 1);
    const { curve } = await train(method, onnx, options, quiet);
    const losses = curve.series["loss"]!;
    // Labels of 0.9 and 0.2: what cosines as logits reach at best, and 0 for the others.
    const best = loss === "bce" ? (crossEntropy(1, 0.9) + crossEntropy(-1, 0.2)) / 2 : 0;
    expect(losses.at(-1)! - best).toBeLessThan(0.5 * (losses[0]! - best));
  });
});
