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
 * Reduction: mean over the positions that count. Weights that are all 0 give 0.
 *
 * Source: Devlin et al., "BERT", NAACL 2019, section 3.1.
 *
 * Neighbours: the next word instead of a hidden one in `sequenceToSequence`. As an auxiliary term of SimCSE it is weighted by 0.1 (SimCSE, section 4.2).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { crossEntropyOfRows, weightedMean } from "./crossEntropy.ts";
import { requireLeast, requireShapes } from "./requireShapes.ts";

export interface MaskedLanguageModelInputs {
  /** [positions, vocab] */
  readonly logits: tf.Tensor2D;
  /** [positions], int32 */
  readonly targets: tf.Tensor1D;
  /** [positions] */
  readonly weights: tf.Tensor1D;
}

export function maskedLanguageModel({ logits, targets, weights }: MaskedLanguageModelInputs): tf.Scalar {
  const lengths = requireShapes("maskedLanguageModel", [
    ["logits", logits, ["positions", "vocab"]],
    ["targets", targets, ["positions"]],
    ["weights", weights, ["positions"]],
  ]);
  requireLeast("maskedLanguageModel", "words", lengths["vocab"]!, 2, "a single one is always right");
  return weightedMean(crossEntropyOfRows(logits, targets), weights);
}
