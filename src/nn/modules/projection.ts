/**
 * A dense layer of the embedding's width with tanh, between an encoder and its contrastive loss: in training only.
 *
 * Source: Gao, Yao, Chen, "SimCSE", EMNLP 2021, released code (`MLPLayer`). With batch norm instead: `projector.ts`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { linear } from "../ops/index.ts";
import { tensorNamed, type Tensors, type TensorSpec } from "../TensorSpec.ts";

const names = { weight: "projection.dense.weight", bias: "projection.dense.bias" } as const;

/** @param dim width of the embeddings */
export const projectionSpecs = (dim: number): ReadonlyArray<TensorSpec> => [
  { name: names.weight, shape: [dim, dim], dtype: "float32" },
  { name: names.bias, shape: [dim], dtype: "float32" },
];

/** @param x [rows, dim] @param tensors with `projectionSpecs` @returns [rows, dim] */
export const tanhProjection = (x: tf.Tensor2D, tensors: Tensors): tf.Tensor2D =>
  tf.tanh(linear(x, tensorNamed(tensors, names.weight), tensorNamed(tensors, names.bias))) as tf.Tensor2D;
