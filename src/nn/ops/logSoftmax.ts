/**
 * The logarithm of a softmax over the last axis. tfjs's own keeps its result for the gradient, and what a gradient takes from a
 * result has no derivative (`gradients/broadcast.ts`); this one makes it again, which costs a recorded graph no node.
 */
import * as tf from "@tensorflow/tfjs-core";

function shiftedLog(x: tf.Tensor): tf.Tensor {
  const shifted = tf.sub(x, tf.max(x, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}

const withGradient = tf.customGrad((x, save) => {
  // Cast: tfjs's types have customGrad's function take tensors or functions.
  const logits = x as tf.Tensor;
  (save as tf.GradSaveFunc)([logits]);
  const gradFunc = (dy: tf.Tensor, [saved]: Array<tf.Tensor>): tf.Tensor => {
    const probabilities = tf.exp(shiftedLog(saved!));
    return tf.sub(dy, tf.mul(tf.sum(dy, -1, true), probabilities));
  };
  return { value: shiftedLog(logits), gradFunc };
});

/** @param x [.., classes] @returns the same shape */
export const logSoftmax = (x: tf.Tensor): tf.Tensor => withGradient(x);
