/**
 * Layer normalisation with its own gradient: few passes over memory, two of them as products with a vector.
 * Source: Ba, Kiros, Hinton, "Layer Normalization", 2016.
 */
import * as tf from "@tensorflow/tfjs-core";
import { kernelNames, runKernel, runKernelMany } from "./kernels.ts";
import { scaledMatMul } from "./matMul.ts";

/**
 * Each row to mean 0 and deviation 1 (biased, with `epsilon` under the root), then `· gamma + beta`.
 * @param x [rows, dim] @param gamma [dim] @param beta [dim] @returns [rows, dim]
 */
export const layerNorm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor =>
  runKernel(kernelNames.layerNorm, { x, gamma, beta }, { epsilon });

const standardize = (x: tf.Tensor, attributes: object): [tf.Tensor, tf.Tensor] =>
  runKernelMany(kernelNames.standardize, { x }, attributes) as [tf.Tensor, tf.Tensor];

/*
 * With x̂ the normalised row and r its reciprocal deviation: dx = r · (dy γ - mean(dy γ) - x̂ · mean(dy γ x̂)).
 * mean(dy γ) = dy·(γ/dim) and mean(dy γ x̂) = (dy x̂)·(γ/dim) are products with a vector, and dy x̂ is needed for dγ anyway.
 * x̂ is made again from x (one pass) rather than kept.
 */
tf.registerGradient({
  kernelName: kernelNames.layerNorm,
  inputsToSave: ["x", "gamma"],
  gradFunc: (gradient, saved, attributes) => {
    const [x, gamma] = saved as [tf.Tensor, tf.Tensor];
    const dy = gradient as tf.Tensor; // [rows, dim]
    const dim = gamma.shape[0]!;
    const column = tf.reshape(tf.mul(gamma, 1 / dim), [dim, 1]);
    const weighted = () => tf.mul(dy, standardize(x, attributes)[0]); // dy · x̂ [rows, dim]
    return {
      x: () => {
        const [normalised, reciprocal] = standardize(x, attributes);
        const shift = scaledMatMul(dy, column); // [rows, 1]
        const slope = scaledMatMul(weighted(), column); // [rows, 1]
        const centred = tf.sub(tf.sub(tf.mul(dy, gamma), shift), tf.mul(normalised, slope));
        return tf.mul(centred, reciprocal);
      },
      gamma: () => tf.sum(weighted(), 0),
      beta: () => tf.sum(dy, 0),
    };
  },
});

/*
 * Of x̂ and r themselves, for second derivatives. With g the gradient of x̂ and h that of r:
 * dx = r · (g - mean(g) - x̂ · (mean(g x̂) + h r / dim)).
 */
tf.registerGradient({
  kernelName: kernelNames.standardize,
  inputsToSave: ["x"],
  gradFunc: (gradients, saved, attributes) => ({
    x: () => {
      const [normalised, reciprocal] = standardize(saved[0]!, attributes); // [rows, dim], [rows, 1]
      const [g, h] = gradients as [tf.Tensor, tf.Tensor];
      const share = tf.mul(tf.mul(h, reciprocal), 1 / normalised.shape.at(-1)!);
      const slope = tf.add(tf.mean(tf.mul(g, normalised), -1, true), share);
      const centred = tf.sub(tf.sub(g, tf.mean(g, -1, true)), tf.mul(normalised, slope));
      return tf.mul(centred, reciprocal);
    },
  }),
});
