/** Dropout's arithmetic: elements of a mask are kept and scaled, the others zeroed. The gradient is the same operation. */
import * as tf from "@tensorflow/tfjs-core";
import { kernelNames, runKernel } from "./kernels.ts";

/** @param mask bool, of x's shape @param scale 1 / (share kept): `keptScale` */
export const maskScale = (x: tf.Tensor, mask: tf.Tensor, scale: number): tf.Tensor =>
  runKernel(kernelNames.maskScale, { x, mask }, { scale });

tf.registerGradient({
  kernelName: kernelNames.maskScale,
  inputsToSave: ["mask"],
  gradFunc: (dy, saved, attributes) => ({
    x: () => maskScale(dy as tf.Tensor, saved[0]!, (attributes as unknown as { scale: number }).scale),
  }),
});
