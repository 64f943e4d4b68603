/**
 * Products: linear layers with weights in PyTorch's orientation `[out, in]`, and scaled matrix products.
 * The scales cost nothing: an engine's matrix product multiplies by a constant anyway.
 */
import * as tf from "@tensorflow/tfjs-core";
import { kernelNames, runKernel, type LinearAttributes, type MatMulAttributes } from "./kernels.ts";

/**
 * `scale · x weightᵀ + biasScale · bias`; both scales are 1 unless a neighbouring operation's constant is folded in.
 * @param x [n, in] @param weight [out, in] @param bias [out] @returns [n, out]
 */
export function linear(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor,
  { scale = 1, biasScale = 1 }: Partial<LinearAttributes> = {},
): tf.Tensor {
  return runKernel(kernelNames.linear, { x, weight, bias }, { scale, biasScale });
}

tf.registerGradient({
  kernelName: kernelNames.linear,
  inputsToSave: ["x", "weight"],
  gradFunc: (dy, saved, attributes) => {
    const [x, weight] = saved as [tf.Tensor, tf.Tensor];
    const { scale, biasScale } = attributes as unknown as LinearAttributes;
    const rows = dy as tf.Tensor; // [n, out]
    return {
      x: () => scaledMatMul(rows, weight, { scale }), // [n, in]
      weight: () => scaledMatMul(rows, x, { scale, transposeA: true }), // [out, in]
      bias: () => {
        const sum = tf.sum(rows, 0); // [out]
        return biasScale === 1 ? sum : tf.mul(sum, biasScale);
      },
    };
  },
});

/** `scale · a b`, each transposed in its last two axes where asked for; leading axes are equal. */
export function scaledMatMul(
  a: tf.Tensor,
  b: tf.Tensor,
  { transposeA = false, transposeB = false, scale = 1 }: Partial<MatMulAttributes> = {},
): tf.Tensor {
  return runKernel(kernelNames.scaledMatMul, { a, b }, { transposeA, transposeB, scale });
}

tf.registerGradient({
  kernelName: kernelNames.scaledMatMul,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved, attributes) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const { transposeA, transposeB, scale } = attributes as unknown as MatMulAttributes;
    const d = dy as tf.Tensor;
    return {
      a: () =>
        transposeA
          ? scaledMatMul(b, d, { transposeA: transposeB, transposeB: true, scale })
          : scaledMatMul(d, b, { transposeB: !transposeB, scale }),
      b: () =>
        transposeB
          ? scaledMatMul(d, a, { transposeA: true, transposeB: transposeA, scale })
          : scaledMatMul(a, d, { transposeA: !transposeA, scale }),
    };
  },
});
