/**
 * Contrastive Tension: two encoders agree on a sentence and disagree on any two.
 *
 * Idea: two copies of an encoder, trained apart, give the same sentence a high dot product and different sentences a low one.
 *
 * Formula, with x_i = first_i · second_i and label y:
 *
 *     L = Σ_i [ softplus(x_i) - x_i y_i ],  divided by the number of pairs where the reduction is a mean
 *
 * Arguments: `first` [rows, dim] and `second` [rows, dim], a pair's embeddings by the first and the second encoder, taken as they
 * are (no unit length); `labels` [rows], 1 for the same sentence and 0 for different ones.
 *
 * Reduction: `reduction: "mean"` (authors' code) or `"sum"` (sentence-transformers). No default: settings of one do not carry
 * over to the other.
 *
 * Range: labels from 0 to 1. One positive in K + 1 pairs, K = 7 in the paper.
 *
 * Source: Carlsson et al., "Semantic Re-tuning with Contrastive Tension", ICLR 2021, and its released code.
 *
 * Neighbours: `softBinaryCrossEntropy` of the dot products; the batch as negatives in `inBatchContrastiveTension`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { requireShapes } from "./requireShapes.ts";

export interface ContrastiveTensionInputs {
  /** [rows, dim] */
  readonly first: tf.Tensor2D;
  /** [rows, dim] */
  readonly second: tf.Tensor2D;
  /** [rows] */
  readonly labels: tf.Tensor1D;
}

export interface ContrastiveTensionOptions {
  readonly reduction: "mean" | "sum";
}

export function contrastiveTension(
  { first, second, labels }: ContrastiveTensionInputs,
  { reduction }: ContrastiveTensionOptions,
): tf.Scalar {
  requireShapes("contrastiveTension", [
    ["first", first, ["rows", "dim"]],
    ["second", second, ["rows", "dim"]],
    ["labels", labels, ["rows"]],
  ]);
  const logits = tf.sum(tf.mul(first, second), -1); // [rows]
  const losses = tf.sub(tf.softplus(logits), tf.mul(logits, labels)); // [rows]
  return reduction === "sum" ? tf.sum(losses) : tf.mean(losses);
}
