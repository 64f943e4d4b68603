/** Operations that programs use, tfjs's and our own, each as a small case: what engines must agree on. */
import * as tf from "@tensorflow/tfjs-core";
import {
  activate,
  gatherJoined,
  gatherParts,
  layerNorm,
  linear,
  logSoftmax,
  maskedSoftmax,
  maskScale,
  scaledMatMul,
} from "../../src/nn/ops/index.ts";
import { bools, type Case, floats, type Input, ints } from "../kit/engineRig.ts";

const positive = (input: Input): Input => ({
  ...input,
  values: (input.values as Float32Array).map((x) => Math.abs(x) + 0.5),
});
const wide = (input: Input): Input => ({ ...input, values: (input.values as Float32Array).map((x) => 3 * x) });

const x = floats([3, 4], 1);
const y = floats([3, 4], 2);
const row = floats([4], 3);
const one = (build: (x: tf.Tensor) => tf.Tensor, input: Input = wide(x)): Case => ({
  inputs: { x: input },
  build: (t) => build(t["x"]!),
});
const two = (build: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor, a: Input = x, b: Input = y): Case => ({
  inputs: { x: a, y: b },
  build: (t) => build(t["x"]!, t["y"]!),
});

/** Differentiable operations; values away from kinks, so that differences mean something. */
export const differentiable: { readonly [name: string]: Case } = {
  add: two(tf.add),
  "add a row": two(tf.add, x, row),
  sub: two(tf.sub),
  "sub from a row": two(tf.sub, row, x),
  mul: two(tf.mul),
  "mul by a column": two(tf.mul, x, floats([3, 1], 4)),
  div: two(tf.div, x, positive(y)),
  "div by a column": two(tf.div, x, positive(floats([3, 1], 4))),
  squaredDifference: two(tf.squaredDifference),
  maximum: two(tf.maximum),
  minimum: two(tf.minimum),
  pow: two(tf.pow, positive(x), y),
  addN: two((a, b) => tf.addN([a, b, tf.mul(a, 2)])),
  abs: one(tf.abs),
  square: one(tf.square),
  log: one(tf.log, positive(x)),
  log1p: one(tf.log1p, positive(x)),
  exp: one(tf.exp),
  expm1: one(tf.expm1),
  sqrt: one(tf.sqrt, positive(x)),
  rsqrt: one(tf.rsqrt, positive(x)),
  reciprocal: one(tf.reciprocal, positive(x)),
  tanh: one(tf.tanh),
  sigmoid: one(tf.sigmoid),
  softplus: one(tf.softplus),
  relu: one(tf.relu),
  erf: one(tf.erf),
  sin: one(tf.sin),
  cos: one(tf.cos),
  neg: one(tf.neg),
  clip: one((a) => tf.clipByValue(a, -1, 1)),
  where: {
    inputs: { x, y, at: bools([3, 4], [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0]) },
    build: (t) => tf.where(t["at"]!, t["x"]!, t["y"]!),
  },
  "sum of all": one((a) => tf.sum(a)),
  "sum of rows": one((a) => tf.sum(a, 0)),
  "sum kept": one((a) => tf.mul(a, tf.sum(a, -1, true))),
  mean: one((a) => tf.mean(a, -1)),
  "mean of all": one((a) => tf.mean(a)),
  max: one((a) => tf.max(a, 1), wide(floats([3, 4], 21))),
  min: one((a) => tf.min(a, 0, true)),
  softmax: one((a) => tf.softmax(a)),
  logSoftmax: one((a) => logSoftmax(a)),
  logSumExp: one((a) => tf.logSumExp(a, -1)),
  reshape: one((a) => tf.mul(tf.reshape(a, [2, 6]), 2)),
  expandDims: one((a) => tf.expandDims(a, 1)),
  transpose: one((a) => tf.transpose(a)),
  broadcastTo: one((a) => tf.broadcastTo(a, [2, 3, 4])),
  slice: one((a) => tf.slice(a, [1, 1], [2, 2])),
  pad: one((a) =>
    tf.pad(a, [
      [1, 0],
      [0, 2],
    ]),
  ),
  tile: one((a) => tf.tile(a, [2, 3])),
  concat: two((a, b) => tf.concat([a, b, a], 1)),
  split: one((a) => {
    const [left, right] = tf.split(a, [1, 3], 1);
    return tf.concat([tf.mul(right!, 2), left!], 1);
  }),
  "split into one": one((a) => tf.mul(tf.split(a, 1, 0)[0]!, 2)),
  "unstack of one": one((a) => tf.square(tf.unstack(tf.reshape(a, [1, 12]), 0)[0]!)),
  stack: two((a, b) => tf.stack([a, b], 1)),
  unstack: one((a) => {
    const [first, , third] = tf.unstack(a, 0);
    return tf.mul(first!, third!);
  }),
  matMul: two((a, b) => tf.matMul(a, b, false, true)),
  "matMul transposed": two((a, b) => tf.matMul(a, b, true, false)),
  "matMul of batches": two((a, b) => tf.matMul(a, b), floats([2, 3, 4], 5), floats([2, 4, 2], 6)),
  "gather with repeats": {
    inputs: { x, at: ints([5], [2, 0, 2, 1, 2]) },
    build: (t) => tf.gather(t["x"]!, t["at"] as tf.Tensor1D),
  },
  "sums of rows by segment": {
    inputs: { x, at: ints([3], [1, 0, 1]) },
    build: (t) => tf.square(tf.unsortedSegmentSum(t["x"]!, t["at"] as tf.Tensor1D, 3)),
  },
  linear: {
    inputs: { x, weight: floats([2, 4], 7), bias: floats([2], 8) },
    build: (t) => linear(t["x"]!, t["weight"]!, t["bias"]!, { scale: 0.5, biasScale: 2 }),
  },
  "scaledMatMul, both transposed": two(
    (a, b) => scaledMatMul(a, b, { transposeA: true, transposeB: true, scale: 0.3 }),
    floats([2, 3, 4], 5),
    floats([2, 2, 3], 6),
  ),
  "scaledMatMul, second transposed": two((a, b) => scaledMatMul(a, b, { transposeB: true, scale: 0.3 })),
  layerNorm: {
    inputs: { x, gamma: floats([4], 9), beta: floats([4], 10) },
    build: (t) => layerNorm(t["x"]!, t["gamma"]!, t["beta"]!, 1e-5),
  },
  gelu: one((x) => activate(x, "gelu")),
  gelu_new: one((x) => activate(x, "gelu_new")),
  silu: one((x) => activate(x, "silu")),
  maskedSoftmax: {
    inputs: {
      scores: floats([2, 3, 4], 11),
      bias: { shape: [2, 1, 4], values: Float32Array.of(0, 0, 0, -1e9, 0, 0, -1e9, -1e9) },
    },
    build: (t) => maskedSoftmax(t["scores"]!, t["bias"]),
    wrt: ["scores"],
  },
  maskScale: {
    inputs: { x, mask: bools([3, 4], [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0]) },
    build: (t) => maskScale(t["x"]!, t["mask"]!, 1.25),
  },
  "gatherParts, every row read once": {
    inputs: { x, first: ints([2], [2, 0]), second: ints([1, 1], [1]), inverse: ints([3], [1, 2, 0]) },
    build: (t) => {
      const [a, b] = gatherParts(t["x"]!, [t["first"]!, t["second"]!], t["inverse"]!);
      return tf.concat([tf.reshape(b!, [1, 4]), tf.mul(a!, 2)], 0);
    },
  },
  "gatherParts with rows that nothing reads": {
    inputs: { x, at: ints([2], [2, 0]), inverse: ints([3], [1, 2, 0]) },
    build: (t) => gatherParts(t["x"]!, [t["at"]!], t["inverse"]!, true)[0]!,
  },
  gatherJoined: {
    inputs: {
      x,
      y: floats([1, 2, 4], 12),
      at: ints([5], [4, 0, 2, 1, 3]),
      ofX: ints([3], [1, 3, 2]),
      ofY: ints([1, 2], [4, 0]),
    },
    build: (t) => gatherJoined([t["x"]!, t["y"]!], t["at"]!, [t["ofX"]!, t["ofY"]!]),
  },
};

/** Operations without a gradient, or whose value is enough. */
export const plain: { readonly [name: string]: Case } = {
  greater: two(tf.greater),
  greaterEqual: two(tf.greaterEqual),
  less: two(tf.less),
  lessEqual: two(tf.lessEqual),
  equal: two((a, b) => tf.equal(tf.round(a), tf.round(b))),
  notEqual: two((a, b) => tf.notEqual(tf.round(a), tf.round(b))),
  logical: two((a, b) => tf.logicalOr(tf.logicalAnd(tf.greater(a, 0), tf.less(b, 0)), tf.logicalNot(tf.greater(b, a)))),
  sign: one(tf.sign),
  floor: one(tf.floor),
  ceil: one(tf.ceil),
  round: one(tf.round),
  step: one((a) => tf.step(a, 0.1)),
  relu6: one((a) => tf.relu6(tf.mul(a, 4))),
  elu: one(tf.elu),
  leakyRelu: one((a) => tf.leakyRelu(a, 0.3)),
  isNaN: one((a) => tf.isNaN(tf.sqrt(a))),
  prod: one((a) => tf.prod(a, 1)),
  all: one((a) => tf.all(tf.greater(a, -1), 1)),
  any: one((a) => tf.any(tf.greater(a, 1), 0, true)),
  argMax: one((a) => tf.argMax(a, 1)),
  argMin: one((a) => tf.argMin(a, 0)),
  eye: one((a) => tf.mul(a, tf.slice(tf.eye(4), [0, 0], [3, 4]))),
  range: one((a) => tf.mul(a, tf.range(0, 4))),
  "filled tensors": one((a) => {
    const threes = tf.add(tf.ones([1, 2]), 2);
    return tf.concat([tf.ones([1, 4]), tf.zeros([1, 4]), tf.tile(threes, [1, 2]), a], 0);
  }),
  oneHot: {
    inputs: { at: ints([4], [2, 0, 1, 2]) },
    build: (t) => tf.oneHot(t["at"]!, 3),
  },
  "whole numbers": {
    inputs: { at: ints([4], [2, 0, 1, 2]) },
    build: (t) => tf.add(tf.mul(t["at"]!, tf.scalar(3, "int32")), tf.tensor1d([4, 5, 6, 7], "int32")),
  },
};
