/** Softmax over keys with an additive mask, with its own gradient. */
import * as tf from "@tensorflow/tfjs-core";
import { kernelNames, runKernel } from "./kernels.ts";

/**
 * @param scores [.., queries, keys] @param bias broadcastable to it, without gradient: 0, or -1e9 where a key is masked
 * @returns [.., queries, keys], rows summing to 1; exactly 0 for masked keys
 */
export const maskedSoftmax = (scores: tf.Tensor, bias?: tf.Tensor): tf.Tensor =>
  runKernel(kernelNames.maskedSoftmax, bias === undefined ? { scores } : { scores, bias });

tf.registerGradient({
  kernelName: kernelNames.maskedSoftmax,
  outputsToSave: [true],
  gradFunc: (gradient, saved) => ({
    scores: () => {
      const dy = gradient as tf.Tensor;
      const weights = saved[0]!;
      return tf.mul(weights, tf.sub(dy, tf.sum(tf.mul(dy, weights), -1, true)));
    },
  }),
});
