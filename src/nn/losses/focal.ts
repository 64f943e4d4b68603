/**
 * Focal loss: cross-entropy that counts rows less the better they are known already.
 *
 * Idea: easy rows, which are many, do not drown the hard ones.
 *
 * Formula: with p_i the probability softmax(logits_i)[class_i],
 *
 *     L = -(α/N) Σ_i (1 - p_i)^γ log p_i
 *
 * Arguments: `logits` [rows, classes]; `classes` [rows] (int32), the right class of each row, from 0.
 *
 * Reduction: mean over rows.
 *
 * Options: `gamma` γ ≥ 0, 2 by default; 0 is plain cross-entropy. `alpha` α > 0, one weight for all rows; 1 by default, 0.25 in the
 * paper's detector (there for the rare class, the other getting 0.75).
 *
 * Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 5.
 *
 * Neighbours: without γ and α `softmaxClassification`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { crossEntropyOfRows } from "./crossEntropy.ts";
import { requireLeast, requireShapes } from "./requireShapes.ts";

export interface FocalInputs {
  /** [rows, classes] */
  readonly logits: tf.Tensor2D;
  /** [rows], int32 */
  readonly classes: tf.Tensor1D;
}

export interface FocalOptions {
  readonly gamma?: number;
  readonly alpha?: number;
}

/** The least distance of a probability from 1, so that powers below 1 have a slope at a row that is known for certain. */
const smallestDoubt = 1e-12;

export function focal({ logits, classes }: FocalInputs, { gamma = 2, alpha = 1 }: FocalOptions = {}): tf.Scalar {
  const lengths = requireShapes("focal", [
    ["logits", logits, ["rows", "classes"]],
    ["classes", classes, ["rows"]],
  ]);
  requireLeast("focal", "classes", lengths["classes"]!, 2, "a single one is always right");
  const losses = crossEntropyOfRows(logits, classes); // [rows], -log p
  const doubt = tf.maximum(tf.sub(1, tf.exp(tf.neg(losses))), smallestDoubt); // [rows], 1 - p
  return tf.mul(tf.mean(tf.mul(tf.pow(doubt, gamma), losses)), alpha);
}
