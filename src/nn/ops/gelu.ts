/**
 * GELU in its exact form, `x · Φ(x)` with Φ the normal distribution's integral, and a cheaper relative of it.
 *
 * `erfGate(t) = t · (1 + erf t)` is GELU but for constants: `gelu(x) = erfGate(x/√2) / √2`. Between two linear layers both
 * constants fold into the products (`linearGelu`, `scale` of the next layer), which saves two passes over the widest tensor.
 *
 * Source: Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016 (BERT's `gelu`, not its tanh approximation).
 */
import * as tf from "@tensorflow/tfjs-core";
import { kernelNames, runKernel } from "./kernels.ts";

export const erfGate = (t: tf.Tensor): tf.Tensor => runKernel(kernelNames.erfGate, { t });

/** The factor before and after `erfGate` that makes it GELU. */
export const geluScale = Math.SQRT1_2;

export const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(erfGate(tf.mul(x, geluScale)), geluScale);

tf.registerGradient({
  kernelName: kernelNames.erfGate,
  inputsToSave: ["t"],
  gradFunc: (dy, saved) => ({
    t: () => runKernel(kernelNames.erfGateGradient, { t: saved[0]!, dy: dy as tf.Tensor }),
  }),
});

// The second derivative of t (1 + erf t) is 4/√π · (1 - t²) · exp(-t²).
tf.registerGradient({
  kernelName: kernelNames.erfGateGradient,
  inputsToSave: ["t", "dy"],
  gradFunc: (gradient, saved) => {
    const [t, dy] = saved as [tf.Tensor, tf.Tensor];
    const g = gradient as tf.Tensor;
    return {
      t: () => {
        const squared = tf.square(t);
        const bend = tf.mul(tf.mul(tf.sub(1, squared), tf.exp(tf.neg(squared))), 4 / Math.sqrt(Math.PI));
        return tf.mul(tf.mul(g, dy), bend);
      },
      dy: () => runKernel(kernelNames.erfGateGradient, { t, dy: g }),
    };
  },
});
