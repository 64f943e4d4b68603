/**
 * The kernels of our own, beside those of tfjs: what an engine must provide, each a pure function of tensors.
 *
 * Operations of this folder call them and carry their gradients; the engines implement them: the onnx engine by a few graph
 * nodes, the cpu engine by composing tfjs operations. Here are their names, inputs and attributes, the one agreement.
 */
import * as tf from "@tensorflow/tfjs-core";

export const kernelNames = {
  /** `{x [n, in], weight [out, in], bias [out]}`, `LinearAttributes` → `scale · x weightᵀ + biasScale · bias` [n, out]. */
  linear: "TandemLinear",
  /** `{a [.., m, k], b [.., k, n]}` (before transposition), `MatMulAttributes` → `scale · a b` [.., m, n]. */
  scaledMatMul: "TandemScaledMatMul",
  /** `{x [.., dim], gamma [dim], beta [dim]}`, `{epsilon}` → [.., dim]. */
  layerNorm: "TandemLayerNorm",
  /** `{x [.., dim]}`, `{epsilon}` → `[normalised [.., dim], reciprocal deviation [.., 1]]`. */
  standardize: "TandemStandardize",
  /** `{t}` → `t · (1 + erf t)`. */
  erfGate: "TandemErfGate",
  /** `{t, dy}` → `dy · (1 + erf t + t · 2/√π · exp(-t²))`. */
  erfGateGradient: "TandemErfGateGradient",
  /** `[scores [.., queries, keys], bias? broadcastable]` → softmax over the last axis of `scores + bias`. */
  maskedSoftmax: "TandemMaskedSoftmax",
  /** `{x, mask (bool) of the same shape}`, `{scale}` → `x · scale` where the mask is 1, else 0. */
  maskScale: "TandemMaskScale",
  /** `[x [rows, dim], inverse, ..indices]` → one tensor `[..index.shape, dim]` for each index (int32, any shape). */
  gatherParts: "TandemGatherParts",
  /** `[index, ..parts, ..more]`, `GatherJoinedAttributes` → rows of the parts, each viewed as `[rows, dim]`, one after the other (and a row of zeros at the end). */
  gatherJoined: "TandemGatherJoined",
} as const;

export interface LinearAttributes {
  readonly scale: number;
  readonly biasScale: number;
}

export interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly scale: number;
}

export interface GatherJoinedAttributes {
  /** How many of the inputs after `index` are parts. */
  readonly parts: number;
  readonly dim: number;
  readonly zeroRow: boolean;
}

/** Runs a kernel of one output on tfjs's current backend. */
export const runKernel = (
  name: string,
  inputs: tf.NamedTensorMap | ReadonlyArray<tf.Tensor>,
  attributes: object = {},
): tf.Tensor => run(name, inputs, attributes) as tf.Tensor;

/** Runs a kernel of several outputs. */
export const runKernelMany = (
  name: string,
  inputs: tf.NamedTensorMap | ReadonlyArray<tf.Tensor>,
  attributes: object = {},
): Array<tf.Tensor> => run(name, inputs, attributes) as Array<tf.Tensor>;

const run = (name: string, inputs: tf.NamedTensorMap | ReadonlyArray<tf.Tensor>, attributes: object) =>
  // tfjs's own Concat passes an array too: its type lacks it
  tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap);
