/**
 * Rows scaled to length 1: the step from embeddings to cosines that the losses of this folder share.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Added to squared lengths, so that an all-zero embedding has a gradient of 0 rather than NaN. */
const smallestSquaredLength = 1e-12;

/** @param rows [rows, dim] @returns [rows, dim], each row of Euclidean length 1 (an all-zero row stays zero) */
export function unitRows(rows: tf.Tensor2D): tf.Tensor2D {
  const squaredLength = tf.sum(tf.square(rows), -1, true); // [rows, 1]
  return tf.div(rows, tf.sqrt(tf.add(squaredLength, smallestSquaredLength)));
}

/** Cosine of row i of one with row i of the other. @returns [rows] */
export function rowCosines(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor1D {
  return tf.sum(tf.mul(unitRows(left), unitRows(right)), -1);
}
