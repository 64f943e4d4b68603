/**
 * SimBERT's similarity: of a batch of pairs laid one after the other, each text must find its partner.
 *
 * Idea: rows 0 and 1 are a pair, 2 and 3 the next; all other rows of the batch are negatives.
 *
 * Formula: with S = s · V Vᵀ over rows V of unit length, and S_ii out of the race,
 *
 *     L = -(1/N) Σ_i log softmax(S_i)[partner(i)],  partner(i) = i + 1 - 2 (i mod 2)
 *
 * Arguments: `embeddings` [rows, dim], an even number of rows; need not be of unit length. Two rows give 0: each has only its
 * partner to choose.
 *
 * Reduction: mean over rows.
 *
 * Options: `scale` s > 0; 30 in the code, a temperature of 1/30.
 *
 * Source: Su Jianlin, "SimBERT", 2020, released code (`TotalLoss.compute_loss_of_similarity`), where the diagonal is lowered by
 * 10¹² before it is scaled.
 *
 * Neighbours: the same as `ntXent` of the code's form at temperature 1 / scale, with the views interleaved.
 */
import * as tf from "@tensorflow/tfjs-core";
import { columnsOf, crossEntropyOfRows, noLogit } from "./crossEntropy.ts";
import { LossInputError, requireShapes } from "./requireShapes.ts";
import { unitRows } from "./unitRows.ts";

export interface SimBertSimilarityInputs {
  /** [rows, dim] */
  readonly embeddings: tf.Tensor2D;
}

export interface SimBertSimilarityOptions {
  readonly scale: number;
}

export function simBertSimilarity(
  { embeddings }: SimBertSimilarityInputs,
  { scale }: SimBertSimilarityOptions,
): tf.Scalar {
  const { rows } = requireShapes("simBertSimilarity", [["embeddings", embeddings, ["rows", "dim"]]]) as {
    rows: number;
  };
  if (rows % 2 !== 0)
    throw new LossInputError(
      `simBertSimilarity needs an even number of rows, not ${rows}: rows 2i and 2i + 1 are a pair.`,
    );
  const unit = unitRows(embeddings); // [rows, dim]
  const logits = tf.mul(tf.matMul(unit, unit, false, true), scale); // [rows, rows]
  const others = tf.add(logits, tf.mul(tf.eye(rows), noLogit)) as tf.Tensor2D;
  return tf.mean(
    crossEntropyOfRows(
      others,
      columnsOf(rows, (row) => row + 1 - 2 * (row % 2)),
    ),
  );
}
