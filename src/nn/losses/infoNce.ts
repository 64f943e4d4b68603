/**
 * InfoNCE with in-batch negatives, and hard ones where there are.
 *
 * Idea: each anchor must find its own positive among all positives of the batch.
 *
 * Formula: with c_ij = cos(anchor_i, positive_j),
 *
 *     L = -(1/N) Σ_i log( exp(c_ii / τ) / Σ_j exp(c_ij / τ) )
 *
 * and with hard negatives n_ij = cos(anchor_i, negative_j) the sum below has Σ_j exp(n_ij / τ + w·[i = j]) too.
 *
 * Arguments: `anchors` [rows, dim] and `positives` [rows, dim], row i of one the partner of row i of the other; need not be
 * of unit length. `negatives` [rows, dim], optional: row i is the hard negative of anchor i, and one more for all others.
 * At least 2 rows, or there is no negative (a single row without hard negatives gives 0).
 *
 * Reduction: mean over rows. One direction only (anchor → positive), no negatives from the anchor's own view.
 *
 * Options: `temperature` τ > 0; 0.05 in the paper (unsupervised and supervised). Libraries that speak of a scale mean 1/τ.
 * `hardNegativeWeight` w, any number, 0 by default: added to the logit of a row's own hard negative, so the logarithm of how many
 * times it counts (the paper tried log 0.5, log 1, log 2).
 *
 * Reading it: embeddings that have all become equal give exactly ln N; a loss that stays there has collapsed.
 *
 * Source: Gao, Yao, Chen, "SimCSE", EMNLP 2021, equations 1, 5 and its released code; the same as sentence-transformers'
 * MultipleNegativesRankingLoss with scale 20.
 *
 * Neighbours: both directions and negatives of the same view in `ntXent`; two encoders and a learnt temperature in
 * `inBatchContrastiveTension`. With labels between 0 and 1 for given pairs, see `cosineRegression`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { logSoftmax } from "../ops/index.ts";
import { requireShapes } from "./requireShapes.ts";
import { unitRows } from "./unitRows.ts";

export interface InfoNceInputs {
  /** [rows, dim] */
  readonly anchors: tf.Tensor2D;
  /** [rows, dim] */
  readonly positives: tf.Tensor2D;
  /** [rows, dim] */
  readonly negatives?: tf.Tensor2D | undefined;
}

export interface InfoNceOptions {
  readonly temperature: number;
  readonly hardNegativeWeight?: number;
}

export function infoNce(
  { anchors, positives, negatives }: InfoNceInputs,
  { temperature, hardNegativeWeight = 0 }: InfoNceOptions,
): tf.Scalar {
  const { rows } = requireShapes("infoNce", [
    ["anchors", anchors, ["rows", "dim"]],
    ["positives", positives, ["rows", "dim"]],
    ["negatives", negatives, ["rows", "dim"]],
  ]) as { rows: number };
  const directions = unitRows(anchors); // [rows, dim]
  const logitsTo = (others: tf.Tensor2D): tf.Tensor2D =>
    tf.div(tf.matMul(directions, unitRows(others), false, true), temperature); // [rows, rows]
  const identity = tf.eye(rows);
  const hard = negatives === undefined ? [] : [tf.add(logitsTo(negatives), tf.mul(identity, hardNegativeWeight))];
  const logits = [logitsTo(positives), ...hard];
  const logProbabilities = logSoftmax(hard.length === 0 ? logits[0]! : tf.concat(logits, 1)); // [rows, rows or 2 rows]
  const ofPositives = hard.length === 0 ? logProbabilities : tf.slice(logProbabilities, [0, 0], [rows, rows]);
  const own = tf.mul(ofPositives, identity); // [rows, rows], all but the diagonal 0
  return tf.div(tf.neg(tf.sum(own)), rows);
}
