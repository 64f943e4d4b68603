/**
 * The projector between an encoder and its contrastive loss: in training only, embeddings in use are taken before it.
 *
 *     x [rows, dim] → linear [2 dim] → batch norm → ReLU → linear [dim] → batch norm without scale and shift
 *
 * Neither linear layer has a bias: the norm that follows takes means away.
 *
 * Source: Chuang et al., "DiffCSE", NAACL 2022, released code (`ProjectionMLP`); Grill et al., "BYOL", NeurIPS 2020.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorSpec } from "../TensorSpec.ts";
import { batchNorm, type BatchNormed } from "./batchNorm.ts";

/** Norms are called LayerNorm, whatever they norm over: fresh ones start at 1, and neither is decayed. */
export const projectorParameters = {
  wideWeight: "projector.wide.weight",
  normWeight: "projector.LayerNorm.weight",
  normBias: "projector.LayerNorm.bias",
  narrowWeight: "projector.narrow.weight",
} as const;

export const projectorSpecs = (dim: number): ReadonlyArray<TensorSpec> => [
  { name: projectorParameters.wideWeight, shape: [2 * dim, dim], dtype: "float32" },
  { name: projectorParameters.normWeight, shape: [2 * dim], dtype: "float32" },
  { name: projectorParameters.normBias, shape: [2 * dim], dtype: "float32" },
  { name: projectorParameters.narrowWeight, shape: [dim, 2 * dim], dtype: "float32" },
];

export interface Projected {
  /** [rows, dim] */
  readonly projected: tf.Tensor2D;
  /** Statistics of the first and the second norm over this batch. */
  readonly statistics: readonly [Omit<BatchNormed, "normed">, Omit<BatchNormed, "normed">];
}

/** In training. @param x [rows, dim], at least 2 rows @param parameter a tensor by its name in `projectorParameters` */
export function project(x: tf.Tensor2D, parameter: (name: string) => tf.Tensor): Projected {
  const names = projectorParameters;
  const wide = tf.matMul(x, parameter(names.wideWeight), false, true) as tf.Tensor2D; // [rows, 2 dim]
  const first = batchNorm(wide, { scale: parameter(names.normWeight), shift: parameter(names.normBias) });
  const narrow = tf.matMul(tf.relu(first.normed), parameter(names.narrowWeight), false, true) as tf.Tensor2D; // [rows, dim]
  const second = batchNorm(narrow);
  return { projected: second.normed, statistics: [first, second] };
}
