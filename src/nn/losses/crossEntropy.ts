/** Cross-entropies that the losses of this folder share: -log softmax at one column of each row. */
import * as tf from "@tensorflow/tfjs-core";
import { logSoftmax } from "../ops/index.ts";

/** Added to a logit that is to count for nothing; finite, so that no gradient is NaN. */
export const noLogit = -1e30;

/** Keeps a mean over weights that are all 0 at 0; its square is still a float32, which the gradient needs. */
const smallestWeight = 1e-12;

/** @param logits [rows, columns] @param columns [rows], int32: the right column of each row @returns [rows] */
export function crossEntropyOfRows(logits: tf.Tensor2D, columns: tf.Tensor1D): tf.Tensor1D {
  const logProbabilities = logSoftmax(logits); // [rows, columns]
  const chosen = tf.oneHot(columns, logits.shape[1], 1, 0, "float32"); // [rows, columns]
  return tf.neg(tf.sum(tf.mul(logProbabilities, chosen), -1)); // [rows]
}

/** @param values [rows] @param weights [rows] @returns Σ w v / Σ w; 0 where all weights are 0 */
export function weightedMean(values: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar {
  return tf.div(tf.sum(tf.mul(values, weights)), tf.maximum(tf.sum(weights), smallestWeight));
}

/** A constant [rows]: the right column of each row. */
export const columnsOf = (rows: number, column: (row: number) => number): tf.Tensor1D =>
  tf.tensor1d(
    Int32Array.from({ length: rows }, (_, row) => column(row)),
    "int32",
  );
