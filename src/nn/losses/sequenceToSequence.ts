/**
 * Sequence to sequence: cross-entropy over the next word of a target.
 *
 * Idea: from a sentence and the beginning of another that means the same, guess how it goes on.
 *
 * Formula: L = Σ_p w_p · -log softmax(logits_p)[target_p] / Σ_p w_p
 *
 * Arguments: `logits` [positions, vocab]; `targets` [positions] (int32), the id of the word that comes next: position p of a
 * sequence has the id at p + 1; `weights` [positions], 1 where that next word belongs to the target part (its final [SEP] too), else 0.
 *
 * Reduction: sum over all positions of the batch that count, divided by their number: long targets weigh more than short ones.
 * Weights that are all 0 give 0.
 *
 * Source: Su Jianlin, "SimBERT", 2020, released code (`compute_loss_of_seq2seq`); Dong et al., "UniLM", NeurIPS 2019.
 *
 * Neighbours: the same sum as `maskedLanguageModel`, there over hidden words instead of next ones; added 1 : 1 to
 * `simBertSimilarity`.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { crossEntropyOfRows, weightedMean } from "./crossEntropy.ts";
import { requireLeast, requireShapes } from "./requireShapes.ts";

export interface SequenceToSequenceInputs {
  /** [positions, vocab] */
  readonly logits: tf.Tensor2D;
  /** [positions], int32 */
  readonly targets: tf.Tensor1D;
  /** [positions] */
  readonly weights: tf.Tensor1D;
}

export function sequenceToSequence({ logits, targets, weights }: SequenceToSequenceInputs): tf.Scalar {
  const lengths = requireShapes("sequenceToSequence", [
    ["logits", logits, ["positions", "vocab"]],
    ["targets", targets, ["positions"]],
    ["weights", weights, ["positions"]],
  ]);
  requireLeast("sequenceToSequence", "words", lengths["vocab"]!, 2, "a single one is always right");
  return weightedMean(crossEntropyOfRows(logits, targets), weights);
}
