/**
 * Replaced token detection: which words of a sentence were exchanged?
 *
 * Idea: a discriminator that is told a sentence only by its embedding says of each word of an edited copy whether it is the
 * original; to help it, the embedding must hold what the words are.
 *
 * Formula: L = Σ_p w_p · -log softmax(logits_p)[replaced_p], divided by Σ_p w_p where the reduction is a mean
 *
 * Arguments: `logits` [positions, 2], for "kept" and "replaced"; `replaced` [positions], 1 where the word was exchanged, else 0;
 * `weights` [positions], optional, 1 for a position that counts. Without weights all count, padding too, as in the released code.
 *
 * Reduction: `reduction: "mean"` over positions that count (default; the code's, with no weights), `"sum"` (the paper's, with
 * weights that leave padding out). Weights that are all 0 give 0.
 *
 * Range: the paper's λ (0.005 for similarity, 0.05 for transfer), by which this is added to `infoNce`, goes with the code's mean.
 *
 * Source: Chuang et al., "DiffCSE", NAACL 2022, and its released code; Clark et al., "ELECTRA", ICLR 2020.
 *
 * Neighbours: which word it was, rather than whether it was exchanged, in `maskedLanguageModel`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { crossEntropyOfRows, weightedMean } from "./crossEntropy.ts";
import { requireShapes } from "./requireShapes.ts";

export interface ReplacedTokenDetectionInputs {
  /** [positions, 2] */
  readonly logits: tf.Tensor2D;
  /** [positions], int32 */
  readonly replaced: tf.Tensor1D;
  /** [positions] */
  readonly weights?: tf.Tensor1D | undefined;
}

export interface ReplacedTokenDetectionOptions {
  readonly reduction?: "mean" | "sum";
}

export function replacedTokenDetection(
  { logits, replaced, weights }: ReplacedTokenDetectionInputs,
  { reduction = "mean" }: ReplacedTokenDetectionOptions = {},
): tf.Scalar {
  requireShapes("replacedTokenDetection", [
    ["logits", logits, ["positions", 2]],
    ["replaced", replaced, ["positions"]],
    ["weights", weights, ["positions"]],
  ]);
  const losses = crossEntropyOfRows(logits, replaced); // [positions]
  if (reduction === "sum") return tf.sum(weights === undefined ? losses : tf.mul(losses, weights));
  return weights === undefined ? tf.mean(losses) : weightedMean(losses, weights);
}
