/** Gradients of tfjs's reductions and softmaxes. */
import * as tf from "@tensorflow/tfjs-core";
import { register, sizeOfAxes, spreadOver } from "./broadcast.ts";

register(tf.Sum, {
  reads: ["x"],
  gradient: (dy, [x], { axis }) => ({ x: () => spreadOver(dy, x!.shape, axis) }),
});
register(tf.Mean, {
  reads: ["x"],
  gradient: (dy, [x], { axis }) => ({
    x: () => spreadOver(tf.mul(dy, 1 / sizeOfAxes(x!.shape, axis)), x!.shape, axis),
  }),
});
// As tfjs has it: every element that equals the extreme takes the whole gradient.
for (const kernelName of [tf.Max, tf.Min])
  register(kernelName, {
    reads: ["x", "output"],
    gradient: (dy, [x, y], { reductionIndices, axis = reductionIndices }) => ({
      x: () => {
        const extreme = tf.equal(x!, spreadOver(y!, x!.shape, axis));
        return tf.mul(spreadOver(dy, x!.shape, axis), tf.cast(extreme, "float32"));
      },
    }),
  });
register(tf.Softmax, {
  reads: ["output"],
  gradient: (dy, [y], { dim }) => ({
    logits: () => tf.mul(y!, tf.sub(dy, tf.sum(tf.mul(dy, y!), dim, true))),
  }),
});
register(tf.LogSoftmax, {
  reads: ["output"],
  gradient: (dy, [y], { axis }) => ({
    logits: () => tf.sub(dy, tf.mul(tf.exp(y!), tf.sum(dy, axis, true))),
  }),
});
