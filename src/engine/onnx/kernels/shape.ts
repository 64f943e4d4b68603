/** Kernels that move, cut, join, repeat and fill. */
import * as tf from "@tensorflow/tfjs-core";
import { traceBackend, type Traced } from "../TraceBackend.ts";
import { elementTypes } from "../onnxModel.ts";
import { cast } from "./elementwise.ts";
import { nameOf, node, registerAll, reshaped, type Kernel, type KernelCall } from "./register.ts";

const size = (shape: ReadonlyArray<number>): number => tf.util.sizeFromShape([...shape]);

registerAll({
  Reshape: ({ inputs: { x }, attributes }) =>
    reshaped(x!, tf.util.inferFromImplicitShape(attributes["shape"], size(x!.shape))),
  ExpandDims: ({ inputs: { input }, attributes }) => {
    const shape = input!.shape.slice();
    const { dim } = attributes;
    shape.splice(dim < 0 ? shape.length + 1 + dim : dim, 0, 1);
    return reshaped(input!, shape);
  },
  Transpose: ({ inputs: { x }, attributes: { perm } }) =>
    node(
      "Transpose",
      [x!],
      perm.map((axis: number) => x!.shape[axis]),
      x!.dtype,
      { perm: { ints: perm } },
    ),
  Concat: ({ inputs, attributes }) => concat(Object.values(inputs), attributes["axis"]),
  Pack: ({ inputs, attributes: { axis } }) => {
    const parts = Object.values(inputs).map((part) => reshaped(part, part.shape.toSpliced(axis, 0, 1)));
    return concat(parts, axis);
  },
  Unpack: (call) => {
    const { value } = call.inputs as { value: Traced };
    const { axis } = call.attributes;
    const ones = Array.from({ length: value.shape[axis]! }, () => 1);
    const parts = split(value, ones, axis);
    return parts.map((part) => reshaped(part, part.shape.toSpliced(axis, 1)));
  },
  SplitV: ({ inputs: { x }, attributes }) => {
    const axis = tf.util.parseAxisParam(attributes["axis"], x!.shape)[0]!;
    return split(x!, tf.backend_util.prepareSplitSize(x as tf.Tensor, attributes["numOrSizeSplits"], axis), axis);
  },
  Slice: ({ inputs: { x }, attributes, recorder }) => {
    const [begin, lengths] = tf.slice_util.parseSliceParams(x as tf.Tensor, attributes["begin"], attributes["size"]);
    const ends = begin!.map((from, i) => from + lengths![i]!);
    const axes = begin!.map((_, i) => i);
    return node("Slice", [x!, ...[begin!, ends, axes].map((values) => recorder.int64(values))], lengths!, x!.dtype);
  },
  PadV2: ({ inputs: { x }, attributes, recorder }) => {
    const { paddings, constantValue } = attributes as { paddings: Array<[number, number]>; constantValue: number };
    const amounts = [...paddings.map((pair) => pair[0]), ...paddings.map((pair) => pair[1])];
    const shape = x!.shape.map((length, i) => length + paddings[i]![0] + paddings[i]![1]);
    const fill = recorder.scalar(constantValue, x!.dtype as "float32");
    return node("Pad", [x!, recorder.int64(amounts), fill], shape, x!.dtype);
  },
  Tile: ({ inputs: { x }, attributes: { reps }, recorder }) => {
    const shape = x!.shape.map((length, i) => length * reps[i]);
    const uniform = traceBackend.uniformValue(x!);
    if (uniform !== undefined) return traceBackend.uniform(uniform, shape, x!.dtype);
    return node("Tile", [x!, recorder.int64(reps)], shape, x!.dtype);
  },
  BroadcastTo: ({ inputs: { x }, attributes: { shape }, recorder }) =>
    node("Expand", [x!, recorder.int64(shape)], shape, x!.dtype),
  Fill: ({ attributes: { shape, value, dtype } }) => traceBackend.uniform(value, shape, dtype ?? "float32"),
  ZerosLike: ({ inputs: { x } }) => traceBackend.uniform(0, x!.shape, x!.dtype),
  OnesLike: ({ inputs: { x } }) => traceBackend.uniform(1, x!.shape, x!.dtype),
  Range: ({ attributes: { start, stop, step, dtype } }) => {
    const length = Math.max(0, Math.ceil((stop - start) / step));
    const values = Array.from({ length }, (_, i) => start + i * step);
    const typed = dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
    return { dataId: traceBackend.write(typed, [length], dtype), shape: [length], dtype };
  },
  OneHot: ({ inputs: { indices }, attributes, recorder }) => {
    const { depth, onValue, offValue, dtype } = attributes;
    const shape = [...indices!.shape, depth];
    const pair = recorder.constant(Float32Array.of(offValue, onValue), [2], "float32");
    const depthName = recorder.constant(Int32Array.of(depth), [], "int32");
    // onnxruntime knows int32 indices with float32 values only
    return cast(node("OneHot", [indices!, depthName, pair], shape, "float32", { axis: { int: -1 } }), dtype);
  },
  GatherV2: ({ inputs: { x, indices }, attributes }) => {
    if ((attributes["batchDims"] ?? 0) !== 0) throw new Error("GatherV2 with batchDims has no ONNX form here.");
    const axis = tf.util.parseAxisParam(attributes["axis"], x!.shape)[0]!;
    const shape = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
    return node("Gather", [x!, indices!], shape, x!.dtype, { axis: { int: axis } });
  },
  UnsortedSegmentSum: segmentSum,
});

export function concat(parts: ReadonlyArray<Traced>, axis: number): Traced {
  const present = parts.filter((part) => size(part.shape) > 0);
  if (present.length === 1) return reshaped(present[0]!, present[0]!.shape);
  const shape = present[0]!.shape.slice();
  shape[axis] = present.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const joined = axis === 0 ? joinedConstants(present, shape) : undefined;
  if (joined !== undefined) return joined;
  return node("Concat", present, shape, present[0]!.dtype, { axis: { int: axis } });
}

/** Constants (weights that lie side by side in one product) are joined once, here. */
function joinedConstants(parts: ReadonlyArray<Traced>, shape: ReadonlyArray<number>): Traced | undefined {
  const constants = parts.map((part) => traceBackend.constantOf(part)).filter((constant) => constant !== undefined);
  if (constants.length < parts.length) return undefined;
  const values = new Float32Array(size(shape));
  let from = 0;
  for (const constant of constants) {
    values.set(constant.values, from);
    from += constant.values.length;
  }
  return traceBackend.constantTensor({ shape, values, quantized: constants.every(({ quantized }) => quantized) });
}

export function split(x: Traced, sizes: ReadonlyArray<number>, axis: number): Array<Traced> {
  const { recorder } = traceBackend;
  const inputs = [nameOf(x), recorder.int64(sizes)];
  const outputs = recorder.nodeMany("Split", inputs, sizes.length, { axis: { int: axis } });
  return outputs.map((name, i) => traceBackend.symbol(name, x.shape.with(axis, sizes[i]!), x.dtype));
}

/** Sums of rows by segment; rows of equal segment are added in order, one after the other. */
function segmentSum({ inputs, attributes, recorder }: KernelCall): ReturnType<Kernel> {
  const { x, segmentIds } = inputs as { x: Traced; segmentIds: Traced };
  const shape = [attributes["numSegments"] as number, ...x.shape.slice(1)];
  const zeros = traceBackend.uniform(0, shape, "float32");
  const column = reshaped(segmentIds, [x.shape[0]!, 1]);
  const ids = recorder.node("Cast", [nameOf(column)], { to: { int: elementTypes.int64 } });
  return node("ScatterND", [zeros, ids, x], shape, x.dtype, { reduction: { string: "add" } });
}
