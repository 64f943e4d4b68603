/**
 * The classifier that stands on two embeddings while they learn from labels of pairs: features of the pair → dropout → (dense →
 * relu) → a logit for each class. It is dropped afterwards.
 *
 * Source: Reimers, Gurevych, "Sentence-BERT", EMNLP 2019, section 3: one linear layer, here with a bias as in their code. Dropout and
 * the hidden layer are those of a TensorFlow variant for LCQMC (0.5 and 512 there).
 */
import * as tf from "@tensorflow/tfjs-core";
import { linear, maskScale } from "../ops/index.ts";
import { tensorNamed, type Tensors, type TensorSpec } from "../TensorSpec.ts";
import { type Concatenation, featureWidth, pairFeatures } from "./pairFeatures.ts";

export interface PairClassifier {
  readonly concatenation: Concatenation;
  readonly classes: number;
  /** Width of the layer with relu; 0: there is none. */
  readonly hiddenSize: number;
}

const names = {
  hiddenWeight: "pairs.hidden.weight",
  hiddenBias: "pairs.hidden.bias",
  classifierWeight: "pairs.classifier.weight",
  classifierBias: "pairs.classifier.bias",
} as const;

const spec = (name: string, ...shape: ReadonlyArray<number>): TensorSpec => ({ name, shape, dtype: "float32" });

/** @param dim of the embeddings */
export function pairClassifierSpecs(
  { concatenation, classes, hiddenSize }: PairClassifier,
  dim: number,
): ReadonlyArray<TensorSpec> {
  const features = featureWidth(concatenation, dim);
  const hidden = [spec(names.hiddenWeight, hiddenSize, features), spec(names.hiddenBias, hiddenSize)];
  return [
    ...(hiddenSize === 0 ? [] : hidden),
    spec(names.classifierWeight, classes, hiddenSize === 0 ? features : hiddenSize),
    spec(names.classifierBias, classes),
  ];
}

/**
 * @param left u, [rows, dim] @param right v, [rows, dim]
 * @param kept which features are not dropped (bool, in the features' shape), and what they are multiplied by
 * @returns [rows, classes]
 */
export function pairClassLogits(
  left: tf.Tensor2D,
  right: tf.Tensor2D,
  tensors: Tensors,
  { concatenation, hiddenSize }: PairClassifier,
  kept?: { readonly mask: tf.Tensor; readonly scale: number },
): tf.Tensor2D {
  const dense = (x: tf.Tensor, weight: string, bias: string) =>
    linear(x, tensorNamed(tensors, weight), tensorNamed(tensors, bias));
  const features = pairFeatures(left, right, concatenation);
  const shown = kept === undefined ? features : maskScale(features, kept.mask, kept.scale);
  const hidden = hiddenSize === 0 ? shown : tf.relu(dense(shown, names.hiddenWeight, names.hiddenBias));
  return dense(hidden, names.classifierWeight, names.classifierBias) as tf.Tensor2D;
}
