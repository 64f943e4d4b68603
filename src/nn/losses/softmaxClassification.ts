/**
 * Cross-entropy over classes.
 *
 * Idea: of a few classes (entailment, neutral, contradiction; the same or not) the right one gets the probability.
 *
 * Formula: L = -(1/N) Σ_i log softmax(logits_i)[class_i]
 *
 * Arguments: `logits` [rows, classes]; `classes` [rows] (int32), the right class of each row, from 0.
 *
 * Reduction: mean over rows (pairs).
 *
 * Source: Reimers, Gurevych, "Sentence-BERT", EMNLP 2019, section 3, classification objective: logits are a linear layer on
 * `pairFeatures`.
 *
 * Neighbours: rows that are already right count less in `focal`; soft labels of two classes in `softBinaryCrossEntropy`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { crossEntropyOfRows } from "./crossEntropy.ts";
import { requireLeast, requireShapes } from "./requireShapes.ts";

export interface SoftmaxClassificationInputs {
  /** [rows, classes] */
  readonly logits: tf.Tensor2D;
  /** [rows], int32 */
  readonly classes: tf.Tensor1D;
}

export function softmaxClassification({ logits, classes }: SoftmaxClassificationInputs): tf.Scalar {
  const lengths = requireShapes("softmaxClassification", [
    ["logits", logits, ["rows", "classes"]],
    ["classes", classes, ["rows"]],
  ]);
  requireLeast("softmaxClassification", "classes", lengths["classes"]!, 2, "a single one is always right");
  return tf.mean(crossEntropyOfRows(logits, classes));
}
