/**
 * Contrastive Tension with the batch as negatives.
 *
 * Idea: each sentence, seen by the first encoder, must find itself among all sentences of the batch seen by the second, and the
 * other way round; how sharply is learnt too.
 *
 * Formula: with S_ij = sim(first_i, second_j) · exp(s),
 *
 *     L = ½ [ CE over rows of S + CE over columns of S ],  the right column of row i being i
 *
 * Arguments: `first` [rows, dim], `second` [rows, dim], row i of both the same sentence; `logScale` [1], the logarithm s of the
 * scale, a trained parameter that starts at ln 20. At least 2 rows, or there is nothing to find.
 *
 * Reduction: mean over rows, mean over columns, and the mean of the two.
 *
 * Options: `similarity`: "cosine" (default) or "dot" (what sentence-transformers' example takes, with a scale of 1).
 *
 * Source: sentence-transformers, ContrastiveTensionLossInBatchNegatives; not in the paper of Contrastive Tension.
 *
 * Neighbours: with a fixed scale and one direction this is `infoNce` of temperature 1 / scale; pairs with labels in
 * `contrastiveTension`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { columnsOf, crossEntropyOfRows } from "./crossEntropy.ts";
import { requireLeast, requireShapes } from "./requireShapes.ts";
import { unitRows } from "./unitRows.ts";

export interface InBatchContrastiveTensionInputs {
  /** [rows, dim] */
  readonly first: tf.Tensor2D;
  /** [rows, dim] */
  readonly second: tf.Tensor2D;
  /** [1] */
  readonly logScale: tf.Tensor1D;
}

export interface InBatchContrastiveTensionOptions {
  readonly similarity?: "cosine" | "dot";
}

export function inBatchContrastiveTension(
  { first, second, logScale }: InBatchContrastiveTensionInputs,
  { similarity = "cosine" }: InBatchContrastiveTensionOptions = {},
): tf.Scalar {
  const { rows } = requireShapes("inBatchContrastiveTension", [
    ["first", first, ["rows", "dim"]],
    ["second", second, ["rows", "dim"]],
    ["logScale", logScale, [1]],
  ]) as { rows: number };
  requireLeast("inBatchContrastiveTension", "rows", rows, 2, "a single one is found at once");
  const compared = (embeddings: tf.Tensor2D) => (similarity === "cosine" ? unitRows(embeddings) : embeddings);
  const similarities = tf.matMul(compared(first), compared(second), false, true); // [rows, rows]
  const scores: tf.Tensor2D = tf.mul(similarities, tf.exp(logScale)); // [rows, rows]
  const own = columnsOf(rows, (row) => row);
  const ofRows = tf.mean(crossEntropyOfRows(scores, own));
  const ofColumns = tf.mean(crossEntropyOfRows(tf.transpose(scores), own));
  return tf.mul(tf.add(ofRows, ofColumns), 0.5);
}
