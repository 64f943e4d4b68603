/**
 * Binary cross-entropy on logits, with soft labels.
 *
 * Idea: a cross-encoder learns a teacher's score of a pair as the probability that the pair is similar.
 *
 * Formula, with x the logit and y the label:
 *
 *     L = -(1/N) Σ [ y log σ(x) + (1 - y) log(1 - σ(x)) ] = (1/N) Σ [ softplus(x) - x y ]
 *
 * Arguments: `logits` [rows], `labels` [rows].
 *
 * Reduction: mean over rows. Gradient: (σ(x) - y) / N.
 *
 * Range: labels from 0 to 1. A negative label (a raw cosine) leaves the loss without a lower bound, for x → -∞: the caller
 * says what is done about it. With soft labels the loss does not end at 0 but at the labels' entropy (`labelEntropy`).
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022, equation 2.
 *
 * Neighbours: for bi-encoders use `cosineRegression`; squared error in this place makes the student a copy of its teacher.
 */
import * as tf from "@tensorflow/tfjs-core";
import { requireShapes } from "./requireShapes.ts";

export interface SoftBinaryCrossEntropyInputs {
  /** [rows] */
  readonly logits: tf.Tensor1D;
  /** [rows] */
  readonly labels: tf.Tensor1D;
}

export function softBinaryCrossEntropy({ logits, labels }: SoftBinaryCrossEntropyInputs): tf.Scalar {
  requireShapes("softBinaryCrossEntropy", [
    ["logits", logits, ["rows"]],
    ["labels", labels, ["rows"]],
  ]);
  return tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, labels)));
}

/** The least the loss can be for labels in [0, 1]: their mean entropy in nats. Labels outside count as 0. */
export function labelEntropy(labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label > 0 && label < 1) sum -= label * Math.log(label) + (1 - label) * Math.log1p(-label);
  }
  return sum / Math.max(1, labels.length);
}
