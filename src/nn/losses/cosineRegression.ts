/**
 * Squared error on the cosine of two embeddings.
 *
 * Idea: a bi-encoder learns a teacher's score of a pair as the cosine of the pair's embeddings.
 *
 * Formula: L = (1/N) Σ (cos(left_i, right_i) - label_i)²
 *
 * Arguments: `left` [rows, dim], `right` [rows, dim], `labels` [rows].
 *
 * Reduction: mean over rows (pairs).
 *
 * Range: labels are compared with cosines as they are; 0 to 1 where they come from a cross-encoder's sigmoid.
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022, equation 3 (its leading minus is a misprint).
 *
 * Neighbours: with logits instead of embeddings use `softBinaryCrossEntropy`; without labels use `infoNce`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { requireShapes } from "./requireShapes.ts";
import { rowCosines } from "./unitRows.ts";

export interface CosineRegressionInputs {
  /** [rows, dim] */
  readonly left: tf.Tensor2D;
  /** [rows, dim] */
  readonly right: tf.Tensor2D;
  /** [rows] */
  readonly labels: tf.Tensor1D;
}

export function cosineRegression({ left, right, labels }: CosineRegressionInputs): tf.Scalar {
  requireShapes("cosineRegression", [
    ["left", left, ["rows", "dim"]],
    ["right", right, ["rows", "dim"]],
    ["labels", labels, ["rows"]],
  ]);
  return tf.mean(tf.square(tf.sub(rowCosines(left, right), labels)));
}
