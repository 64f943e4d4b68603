/** Gradients of tfjs's kernels that move, cut and join, and of its matrix product. */
import * as tf from "@tensorflow/tfjs-core";
import { register, summedTo } from "./broadcast.ts";

register(tf.Reshape, { reads: ["x"], gradient: (dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) }) });
register(tf.ExpandDims, {
  reads: ["input"],
  gradient: (dy, [input]) => ({ input: () => tf.reshape(dy, input!.shape) }),
});
register(tf.BroadcastTo, { reads: ["x"], gradient: (dy, [x]) => ({ x: () => summedTo(dy, x!.shape) }) });
register(tf.Transpose, {
  gradient: (dy, _, { perm }) => ({ x: () => tf.transpose(dy, tf.backend_util.getUndoAxesPermutation(perm)) }),
});
register(tf.Slice, {
  reads: ["x"],
  gradient: (dy, [x], attributes) => ({
    x: () => {
      const [begin, size] = tf.slice_util.parseSliceParams(x!, attributes["begin"], attributes["size"]);
      const paddings = begin!.map((from, i): [number, number] => [from, x!.shape[i]! - from - size![i]!]);
      return tf.pad(dy, paddings);
    },
  }),
});
register(tf.PadV2, {
  reads: ["x"],
  gradient: (dy, [x], { paddings }) => ({
    x: () =>
      tf.slice(
        dy,
        paddings.map((pair: [number, number]) => pair[0]),
        x!.shape,
      ),
  }),
});
register(tf.Tile, {
  reads: ["x"],
  gradient: (dy, [x], { reps }) => ({
    // [.., reps, length, ..] summed over the repetitions
    x: () => {
      const paired = x!.shape.flatMap((length, i) => [reps[i] as number, length]);
      const axes = x!.shape.map((_, i) => 2 * i);
      return tf.reshape(tf.sum(tf.reshape(dy, paired), axes), x!.shape);
    },
  }),
});
register(tf.GatherV2, {
  reads: ["x", "indices"],
  gradient: (dy, [x, indices], { axis }) => ({
    x: () => {
      if (tf.util.parseAxisParam(axis, x!.shape)[0] !== 0)
        throw new Error("The gradient of a gather is known for axis 0 only: transpose first.");
      const rows = tf.reshape(dy, [indices!.size, ...x!.shape.slice(1)]);
      return tf.unsortedSegmentSum(rows, tf.reshape(indices!, [indices!.size]) as tf.Tensor1D, x!.shape[0]!);
    },
  }),
});
register(tf.UnsortedSegmentSum, {
  reads: ["segmentIds"],
  gradient: (dy, [segmentIds]) => ({ x: () => tf.gather(dy, segmentIds as tf.Tensor1D) }),
});
register(tf.BatchMatMul, {
  reads: ["a", "b"],
  gradient: (dy, [a, b], { transposeA, transposeB }) => ({
    a: () => (transposeA ? tf.matMul(b!, dy, transposeB, true) : tf.matMul(dy, b!, false, !transposeB)),
    b: () => (transposeB ? tf.matMul(dy, a!, true, transposeA) : tf.matMul(a!, dy, !transposeA, false)),
  }),
});

/** tfjs hands over the gradient of a list of one by itself. */
const asList = (dys: tf.Tensor | Array<tf.Tensor>): Array<tf.Tensor> => (Array.isArray(dys) ? dys : [dys]);

// Kernels that take or give lists.
tf.registerGradient({
  kernelName: tf.Concat,
  saveAllInputs: true,
  gradFunc: (dy, saved, attributes) => {
    const axis = tf.util.parseAxisParam((attributes as { axis: number }).axis, saved[0]!.shape)[0]!;
    const parts = tf.split(
      dy as tf.Tensor,
      saved.map((part) => part.shape[axis]!),
      axis,
    );
    return Object.fromEntries(parts.map((part, i) => [String(i), () => part]));
  },
});
tf.registerGradient({
  kernelName: tf.SplitV,
  gradFunc: (dys, _, attributes) => ({
    x: () => tf.concat(asList(dys), (attributes as { axis: number }).axis),
  }),
});
tf.registerGradient({
  kernelName: tf.Pack,
  saveAllInputs: true,
  gradFunc: (dy, _, attributes) => {
    const parts = tf.unstack(dy as tf.Tensor, (attributes as { axis: number }).axis);
    return Object.fromEntries(parts.map((part, i) => [String(i), () => part]));
  },
});
tf.registerGradient({
  kernelName: tf.Unpack,
  gradFunc: (dys, _, attributes) => ({
    value: () => tf.stack(asList(dys), (attributes as { axis: number }).axis),
  }),
});
