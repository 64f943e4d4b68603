/** Softmax over keys with an additive mask, with its own gradient. */
import * as tf from "@tensorflow/tfjs-core";
import { kernelNames, runKernel } from "./kernels.ts";

/**
 * @param scores [.., queries, keys] @param bias broadcastable to it, without gradient: 0, or -1e9 where a key is masked
 * @returns [.., queries, keys], rows summing to 1; exactly 0 for masked keys
 */
export const maskedSoftmax = (scores: tf.Tensor, bias?: tf.Tensor): tf.Tensor =>
  runKernel(kernelNames.maskedSoftmax, bias === undefined ? [scores] : [scores, bias]);

tf.registerGradient({
  kernelName: kernelNames.maskedSoftmax,
  saveAllInputs: true,
  gradFunc: (gradient, saved) => ({
    0: () => {
      const dy = gradient as tf.Tensor;
      const [scores, bias] = saved as [tf.Tensor, tf.Tensor?];
      const weights = maskedSoftmax(scores, bias); // not kept: see `register` in ../gradients/broadcast.ts
      return tf.mul(weights, tf.sub(dy, tf.sum(tf.mul(dy, weights), -1, true)));
    },
  }),
});
