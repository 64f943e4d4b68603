/**
 * Masked language modelling: cross-entropy over the words at chosen positions.
 *
 * Idea: an encoder learns a language by guessing words that were hidden from it.
 *
 * Formula: L = Σ_p w_p · -log softmax(logits_p)[target_p] / Σ_p w_p
 *
 * Arguments: `logits` [positions, vocab]; `targets` [positions] (int32), the id of the true word; `weights` [positions], 1
 * for a position that counts and 0 for one that only fills a bucket of fixed size.
 *
 * Reduction: mean over the positions that count; at least one must.
 *
 * Source: Devlin et al., "BERT", NAACL 2019, section 3.1.
 *
 * Neighbours: as an auxiliary term of SimCSE it is weighted by 0.1 (SimCSE, section 4.2).
 */
import * as tf from "@tensorflow/tfjs-core";
import { logSoftmax } from "../ops/index.ts";

export interface MaskedLanguageModelInputs {
  /** [positions, vocab] */
  readonly logits: tf.Tensor2D;
  /** [positions], int32 */
  readonly targets: tf.Tensor1D;
  /** [positions] */
  readonly weights: tf.Tensor1D;
}

export function maskedLanguageModel({ logits, targets, weights }: MaskedLanguageModelInputs): tf.Scalar {
  const logProbabilities = logSoftmax(logits); // [positions, vocab]
  const chosen = tf.oneHot(targets, logits.shape[1], 1, 0, "float32"); // [positions, vocab]
  const perPosition = tf.neg(tf.sum(tf.mul(logProbabilities, chosen), -1)); // [positions]
  return tf.div(tf.sum(tf.mul(perPosition, weights)), tf.sum(weights));
}
