/** Sums of gradients over the axes along which an operand was broadcast. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Always a new tensor, even of the same shape: tfjs disposes of gradients it has added up.
 * @param gradient of the result @param shape the operand's @returns in the operand's shape
 */
export function summedTo(gradient: tf.Tensor, shape: Array<number>): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length === 0 ? gradient : tf.sum(gradient, axes), shape);
}

/** The gradient of a reduction back over what was reduced. @param reduced without the axes, or with them as 1 */
export function spreadOver(reduced: tf.Tensor, shape: Array<number>, axis: number | Array<number>): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, shape);
  const kept = shape.map((length, i) => (axes.includes(i) ? 1 : length));
  return tf.broadcastTo(tf.reshape(reduced, kept), shape);
}

export const sizeOfAxes = (shape: ReadonlyArray<number>, axis: number | Array<number>): number =>
  tf.util.parseAxisParam(axis, [...shape]).reduce((product, i) => product * shape[i]!, 1);

/** What a gradient function gets of the kernel's attributes. */
// oxlint-disable-next-line typescript/no-explicit-any -- tfjs types attributes per kernel, not in the registry
export type Attributes = { readonly [name: string]: any };

/** A gradient by input name, computed where it is asked for. */
export type InputGradients = { readonly [input: string]: () => tf.Tensor };

interface GradientOf {
  /**
   * Names of inputs that the gradient reads: handed over in this order. Of inputs only: tfjs can hand over results too, but it
   * takes note of them before the kernel, so that nothing leads from them to the inputs and second derivatives would lack a
   * term without a word. A gradient makes again what it needs of a result; in a recorded graph that is the node that is there.
   */
  readonly reads?: ReadonlyArray<string>;
  readonly gradient: (dy: tf.Tensor, saved: ReadonlyArray<tf.Tensor>, attributes: Attributes) => InputGradients;
}

/** Registers the gradient of a kernel with one output. */
export function register(kernelName: string, { reads = [], gradient }: GradientOf): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: [...reads],
    gradFunc: (dy, saved, attributes) => gradient(dy as tf.Tensor, saved, attributes as Attributes),
  });
}
