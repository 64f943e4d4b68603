/**
 * Triplet loss: the positive is nearer than the negative, by a margin.
 *
 * Idea: only triples that are not yet told apart widely enough teach anything.
 *
 * Formula: L = (1/N) Σ_i max(0, ‖a_i - p_i‖ - ‖a_i - n_i‖ + margin), with Euclidean lengths ‖x‖ = √Σ (x_k + ε)²
 *
 * Arguments: `anchors`, `positives`, `negatives`, each [rows, dim]: row i of the three is one triple. Not brought to unit length.
 *
 * Reduction: mean over rows (triples).
 *
 * Options: `margin` ≥ 0; 1 in the paper, 5 in sentence-transformers. `epsilon` ε ≥ 0, 0 by default; PyTorch's pairwise distance, and
 * so sentence-transformers, adds 1e-6 to each difference.
 *
 * Source: Reimers, Gurevych, "Sentence-BERT", EMNLP 2019, section 3, triplet objective.
 *
 * Neighbours: with the whole batch as negatives, and no margin, `infoNce` with `negatives`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { requireShapes } from "./requireShapes.ts";

export interface TripletMarginInputs {
  /** [rows, dim] */
  readonly anchors: tf.Tensor2D;
  /** [rows, dim] */
  readonly positives: tf.Tensor2D;
  /** [rows, dim] */
  readonly negatives: tf.Tensor2D;
}

export interface TripletMarginOptions {
  readonly margin: number;
  readonly epsilon?: number;
}

/** Added to squared lengths, so that equal embeddings have a gradient of 0 rather than NaN. */
const smallestSquaredLength = 1e-24;

export function tripletMargin(
  { anchors, positives, negatives }: TripletMarginInputs,
  { margin, epsilon = 0 }: TripletMarginOptions,
): tf.Scalar {
  requireShapes("tripletMargin", [
    ["anchors", anchors, ["rows", "dim"]],
    ["positives", positives, ["rows", "dim"]],
    ["negatives", negatives, ["rows", "dim"]],
  ]);
  const distanceTo = (others: tf.Tensor2D): tf.Tensor1D => {
    const squares = tf.square(tf.add(tf.sub(anchors, others), epsilon)); // [rows, dim]
    return tf.sqrt(tf.add(tf.sum(squares, -1), smallestSquaredLength)); // [rows]
  };
  return tf.mean(tf.relu(tf.add(tf.sub(distanceTo(positives), distanceTo(negatives)), margin)));
}
