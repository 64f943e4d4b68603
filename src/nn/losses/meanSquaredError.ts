/**
 * Mean squared error of numbers.
 *
 * Idea: a prediction is drawn to its label, the more the further it is.
 *
 * Formula: L = (1/N) Σ (prediction_i - label_i)²
 *
 * Arguments: `predictions` [rows], `labels` [rows].
 *
 * Reduction: mean over rows. Gradient: 2 (prediction - label) / N.
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022, appendix (squared error in place of cross-entropy when a cross-encoder learns:
 * the student then repeats its teacher).
 *
 * Neighbours: on the cosine of two embeddings it is `cosineRegression`; far errors pull less in `logCosh`; predictions that are
 * probabilities are better told by their logits to `softBinaryCrossEntropy`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { requireShapes } from "./requireShapes.ts";

export interface MeanSquaredErrorInputs {
  /** [rows] */
  readonly predictions: tf.Tensor1D;
  /** [rows] */
  readonly labels: tf.Tensor1D;
}

export function meanSquaredError({ predictions, labels }: MeanSquaredErrorInputs): tf.Scalar {
  requireShapes("meanSquaredError", [
    ["predictions", predictions, ["rows"]],
    ["labels", labels, ["rows"]],
  ]);
  return tf.mean(tf.square(tf.sub(predictions, labels)));
}
