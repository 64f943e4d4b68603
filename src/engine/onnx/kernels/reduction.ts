/** Kernels that reduce along axes, and softmax. */
import * as tf from "@tensorflow/tfjs-core";
import type { Attribute } from "../GraphRecorder.ts";
import { elementTypes } from "../onnxModel.ts";
import type { Traced } from "../TraceBackend.ts";
import { cast } from "./elementwise.ts";
import { node, registerAll, type Kernel, type KernelCall } from "./register.ts";

/** Axes as numbers from 0, and the shape that is left. */
function reduced(x: Traced, axis: number | Array<number> | null | undefined, keepDims: boolean) {
  const axes = tf.util.parseAxisParam(axis as number | Array<number>, x.shape);
  const kept = x.shape.map((length, i) => (axes.includes(i) ? 1 : length));
  return { axes, shape: keepDims ? kept : kept.filter((_, i) => !axes.includes(i)) };
}

/** tfjs names the axes of Max and Min `reductionIndices`. */
const axisOf = (attributes: KernelCall["attributes"]) => attributes["reductionIndices"] ?? attributes["axis"];

function reduce(operation: string, x: Traced, axis: number | Array<number>, keepDims: boolean): Traced {
  const { axes, shape } = reduced(x, axis, keepDims);
  const keepdims: Attribute = { int: keepDims ? 1 : 0 };
  return node(operation, [x], shape, x.dtype, { axes: { ints: axes }, keepdims });
}

const reduction =
  (operation: string): Kernel =>
  ({ inputs, attributes }) =>
    reduce(operation, inputs["x"]!, axisOf(attributes), attributes["keepDims"] === true);

/** All and Any: the least and the greatest of 0 and 1. */
const logical =
  (operation: string): Kernel =>
  ({ inputs, attributes }) =>
    cast(reduce(operation, cast(inputs["x"]!, "int32"), axisOf(attributes), attributes["keepDims"] === true), "bool");

const arg =
  (operation: string): Kernel =>
  ({ inputs, attributes }) => {
    const x = inputs["x"]!;
    const { axes, shape } = reduced(x, attributes["axis"], false);
    const found = node(operation, [x], shape, "int64", { axis: { int: axes[0]! }, keepdims: { int: 0 } });
    return node("Cast", [found], shape, "int32", { to: { int: elementTypes.int32 } });
  };

registerAll({
  // Sum is the one reduction whose axes are an input since opset 13.
  Sum: ({ inputs, attributes, recorder }) => {
    const x = inputs["x"]!;
    const { axes, shape } = reduced(x, attributes["axis"], attributes["keepDims"] === true);
    const keepdims: Attribute = { int: attributes["keepDims"] === true ? 1 : 0 };
    return node("ReduceSum", [x, recorder.int64(axes)], shape, x.dtype, { keepdims });
  },
  Mean: reduction("ReduceMean"),
  Max: reduction("ReduceMax"),
  Min: reduction("ReduceMin"),
  Prod: reduction("ReduceProd"),
  All: logical("ReduceMin"),
  Any: logical("ReduceMax"),
  ArgMax: arg("ArgMax"),
  ArgMin: arg("ArgMin"),
  Softmax: ({ inputs: { logits }, attributes }) =>
    node("Softmax", [logits!], logits!.shape, logits!.dtype, { axis: { int: attributes["dim"] } }),
});
