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
for (const [kernelName, extremeOf] of [
  [tf.Max, tf.max],
  [tf.Min, tf.min],
] as const)
  register(kernelName, {
    reads: ["x"],
    gradient: (dy, [x], { reductionIndices, axis = reductionIndices }) => ({
      x: () => {
        const isExtreme = tf.equal(x!, extremeOf(x!, axis, true));
        return tf.mul(spreadOver(dy, x!.shape, axis), tf.cast(isExtreme, "float32"));
      },
    }),
  });
register(tf.Softmax, {
  reads: ["logits"],
  gradient: (dy, [logits], { dim }) => ({
    logits: () => {
      const y = tf.softmax(logits!, dim);
      return tf.mul(y, tf.sub(dy, tf.sum(tf.mul(dy, y), dim, true)));
    },
  }),
});
