/**
 * What a classifier of pairs is shown: the two embeddings and how they differ, side by side.
 *
 * Source: Reimers, Gurevych, "Sentence-BERT", EMNLP 2019, section 3 and table 6: (u, v, |u−v|) is the best on NLI (80.78 on STS-B
 * dev; all four 80.44, (|u−v|, u∗v) 78.37, (u, v, u∗v) 77.44, u∗v 70.54, |u−v| 69.78, (u, v) 66.04).
 */
import * as tf from "@tensorflow/tfjs-core";

/** Names of concatenations, and their parts in order. */
export const concatenations = {
  "u,v": ["u", "v"],
  "|u-v|": ["|u-v|"],
  "u*v": ["u*v"],
  "|u-v|,u*v": ["|u-v|", "u*v"],
  "u,v,u*v": ["u", "v", "u*v"],
  "u,v,|u-v|": ["u", "v", "|u-v|"],
  "u,v,|u-v|,u*v": ["u", "v", "|u-v|", "u*v"],
} as const;

export type Concatenation = keyof typeof concatenations;

/** Width of the features of embeddings of width `dim`. */
export const featureWidth = (concatenation: Concatenation, dim: number): number =>
  concatenations[concatenation].length * dim;

/** @param left u, [rows, dim] @param right v, [rows, dim] @returns [rows, parts · dim] */
export function pairFeatures(left: tf.Tensor2D, right: tf.Tensor2D, concatenation: Concatenation): tf.Tensor2D {
  const part = {
    u: () => left,
    v: () => right,
    "|u-v|": () => tf.abs(tf.sub(left, right)) as tf.Tensor2D,
    "u*v": () => tf.mul(left, right) as tf.Tensor2D,
  };
  const parts = concatenations[concatenation].map((name) => part[name]());
  return parts.length === 1 ? parts[0]! : tf.concat(parts, 1);
}
