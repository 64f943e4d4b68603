/**
 * InfoNCE with in-batch negatives.
 *
 * Idea: each anchor must find its own positive among all positives of the batch.
 *
 * Formula: with c_ij = cos(anchor_i, positive_j),
 *
 *     L = -(1/N) Σ_i log( exp(c_ii / τ) / Σ_j exp(c_ij / τ) )
 *
 * Arguments: `anchors` [rows, dim] and `positives` [rows, dim], row i of one the partner of row i of the other; need not be
 * of unit length. At least 2 rows, or there is no negative.
 *
 * Reduction: mean over rows. One direction only (anchor → positive), no negatives from the anchor's own view.
 *
 * Options: `temperature` τ > 0; 0.05 in the paper (unsupervised and supervised). Libraries that speak of a scale mean 1/τ.
 *
 * Reading it: embeddings that have all become equal give exactly ln N; a loss that stays there has collapsed.
 *
 * Source: Gao, Yao, Chen, "SimCSE", EMNLP 2021, equation 1, and its released code; the same as sentence-transformers'
 * MultipleNegativesRankingLoss with scale 20.
 *
 * Neighbours: with labels between 0 and 1 for given pairs, see `cosineRegression`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { logSoftmax } from "../ops/index.ts";
import { unitRows } from "./unitRows.ts";

export interface InfoNceInputs {
  /** [rows, dim] */
  readonly anchors: tf.Tensor2D;
  /** [rows, dim] */
  readonly positives: tf.Tensor2D;
}

export interface InfoNceOptions {
  readonly temperature: number;
}

export function infoNce({ anchors, positives }: InfoNceInputs, { temperature }: InfoNceOptions): tf.Scalar {
  const rows = anchors.shape[0];
  const cosines = tf.matMul(unitRows(anchors), unitRows(positives), false, true); // [rows, rows]
  const logProbabilities = logSoftmax(tf.div(cosines, temperature)); // [rows, rows]
  const own = tf.mul(logProbabilities, tf.eye(rows)); // [rows, rows], all but the diagonal 0
  return tf.div(tf.neg(tf.sum(own)), rows);
}
