/**
 * Normalised temperature-scaled cross-entropy: InfoNCE of two views in both directions.
 *
 * Idea: in a batch of texts seen twice, every view must find its twin among all views of all other texts.
 *
 * Formula, `form: "code"`: both views stacked to 2N rows z, t(i) the twin of row i, s_ij = cos(z_i, z_j) / τ,
 *
 *     L = -(1/2N) Σ_i log( exp(s_i,t(i)) / Σ_{j≠i} exp(s_ij) )
 *
 * Formula, `form: "paper"`: anchors are the N rows of the first view, the sum below leaves the twin out, and rows are added up,
 *
 *     L = -Σ_{i≤N} log( exp(s_i,t(i)) / Σ_{j≠i,t(i)} exp(s_ij) )
 *
 * Arguments: `first` [rows, dim], `second` [rows, dim]: the views, row i of one the twin of row i of the other. Need not be of unit
 * length. The paper's form needs 2 rows, or there is nothing to compare with; the code's gives 0 for a single one.
 *
 * Reduction: code: mean over the 2 · rows anchors. Paper: sum over rows (it can be below 0).
 *
 * Options: `temperature` τ > 0; 0.04 for sentences, 0.2 for words. `form`: "code" (default, what the released models were
 * trained with) or "paper".
 *
 * Source: Liu, Vulić, Korhonen, Collier, "Mirror-BERT", EMNLP 2021, equation 1, and its released code, which takes NTXentLoss of
 * pytorch-metric-learning; Chen et al., "SimCLR", ICML 2020, equation 1.
 *
 * Neighbours: one direction, and no negatives of an anchor's own view, in `infoNce`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { columnsOf, crossEntropyOfRows, noLogit } from "./crossEntropy.ts";
import { requireLeast, requireShapes } from "./requireShapes.ts";
import { unitRows } from "./unitRows.ts";

export interface NtXentInputs {
  /** [rows, dim] */
  readonly first: tf.Tensor2D;
  /** [rows, dim] */
  readonly second: tf.Tensor2D;
}

export interface NtXentOptions {
  readonly temperature: number;
  readonly form?: "code" | "paper";
}

export function ntXent({ first, second }: NtXentInputs, { temperature, form = "code" }: NtXentOptions): tf.Scalar {
  const { rows } = requireShapes("ntXent", [
    ["first", first, ["rows", "dim"]],
    ["second", second, ["rows", "dim"]],
  ]) as { rows: number };
  const views = unitRows(tf.concat([first, second], 0)); // [2 rows, dim]
  if (form === "paper") return sumOverNegatives(views, rows, temperature);
  const twinOf = (row: number) => (row + rows) % (2 * rows);
  const logits = tf.div(tf.matMul(views, views, false, true), temperature); // [2 rows, 2 rows]
  const others = tf.add(logits, tf.mul(tf.eye(2 * rows), noLogit)); // an anchor is no candidate of its own
  return tf.mean(crossEntropyOfRows(others as tf.Tensor2D, columnsOf(2 * rows, twinOf)));
}

/** @param views [2 rows, dim], of unit length */
function sumOverNegatives(views: tf.Tensor2D, rows: number, temperature: number): tf.Scalar {
  requireLeast("ntXent of the paper's form", "rows", rows, 2, "a row is compared with the others only");
  const anchors = tf.slice(views, [0, 0], [rows, views.shape[1]]); // [rows, dim]
  const logits = tf.div(tf.matMul(anchors, views, false, true), temperature); // [rows, 2 rows]
  const identity = tf.eye(rows);
  const own = tf.concat([identity, identity], 1); // [rows, 2 rows], 1 at the anchor itself and at its twin
  const twin = tf.concat([tf.zerosLike(identity), identity], 1);
  const negatives = tf.logSumExp(tf.add(logits, tf.mul(own, noLogit)), 1); // [rows]
  return tf.sub(tf.sum(negatives), tf.sum(tf.mul(logits, twin)));
}
