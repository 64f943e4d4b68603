/**
 * What contrastive methods put between an embedding and their loss while they train, and drop afterwards: `tanh`, a dense layer
 * of the embedding's width (Gao, Yao, Chen, "SimCSE", EMNLP 2021, released code), `batch-norm` (`projector.ts`), or nothing.
 */
import * as tf from "@tensorflow/tfjs-core";
import { linear } from "../ops/index.ts";
import { tensorNamed, type Tensors, type TensorSpec } from "../TensorSpec.ts";
import { project, projectorSpecs } from "./projector.ts";

export type ProjectionForm = "tanh" | "batch-norm" | "none";

export interface Projection {
  readonly specs: ReadonlyArray<TensorSpec>;
  /** @param x [rows, dim]; with batch norm the rows meet each other @param tensors with `specs` @returns [rows, dim] */
  readonly project: (x: tf.Tensor2D, tensors: Tensors) => tf.Tensor2D;
}

/** @param dim width of the embeddings */
export function projectionOf(form: ProjectionForm, dim: number): Projection {
  switch (form) {
    case "none":
      return { specs: [], project: (x) => x };
    case "tanh":
      return { specs: denseSpecs(dim), project: dense };
    case "batch-norm":
      return { specs: projectorSpecs(dim), project: normed };
  }
}

const names = { weight: "projection.dense.weight", bias: "projection.dense.bias" } as const;

const denseSpecs = (dim: number): ReadonlyArray<TensorSpec> => [
  { name: names.weight, shape: [dim, dim], dtype: "float32" },
  { name: names.bias, shape: [dim], dtype: "float32" },
];

const dense: Projection["project"] = (x, tensors) =>
  tf.tanh(linear(x, tensorNamed(tensors, names.weight), tensorNamed(tensors, names.bias))) as tf.Tensor2D;

const normed: Projection["project"] = (x, tensors) => project(x, (name) => tensorNamed(tensors, name)).projected;
