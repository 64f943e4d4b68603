/** Activations by their names in `config.json`, element by element. */
import * as tf from "@tensorflow/tfjs-core";
import type { Activation } from "../EncoderModel.ts";
import { gelu } from "./gelu.ts";

export function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  switch (activation) {
    case "gelu":
      return gelu(x);
    case "gelu_new":
      return tanhGelu(x);
    case "relu":
      return tf.relu(x);
    case "silu":
      return tf.mul(x, tf.sigmoid(x));
    case "tanh":
      return tf.tanh(x);
  }
}

/**
 * `x/2 · (1 + tanh u)` with `u = √(2/π) (x + 0.044715 x³)`, as `x · σ(2u)`, which is the same.
 * Source: Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016; GPT-2's and ALBERT's GELU.
 */
function tanhGelu(x: tf.Tensor): tf.Tensor {
  const slope = 2 * Math.sqrt(2 / Math.PI);
  return tf.mul(x, tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715 * slope), slope))));
}
