/**
 * A penalty on the gradient of a loss by the word embeddings.
 *
 * Idea: a loss that hardly changes when word embeddings are moved a little is smooth where it was trained: adversarial training
 * (moving embeddings uphill) to first order.
 *
 * Formula, with L a loss and E the table of word embeddings:
 *
 *     L' = L + ½ ε ‖∂L/∂E‖²
 *
 * Arguments: `build` makes L; `tables`, for each table of word embeddings that is penalized: `rows` [tokens, dim], the embedding of
 * every token of the batch, which L depends on, and `words` [tokens] (int32), the number of each token's word, 0 to tokens - 1
 * (`wordNumbers`).
 *
 * Options: `epsilon` ε, from 0 on; 1 in the source. `form`: `dense` squares the rows of ∂L/∂E, the gradients of a word's tokens
 * added up first; `per-occurrence` squares the gradient of each token by itself, as code does that reads the values of TensorFlow's
 * IndexedSlices before they are added up. The two are equal where no word comes twice.
 *
 * Reduction: that of L; the squares are summed. So L's gradient, and the penalty, shrink with the batch where L is a mean.
 *
 * Gradient: exact. The penalty is made of first derivatives as tensors, which are differentiated again (ADR 37).
 *
 * Source: Su Jianlin, "A brief talk on adversarial training" (in Chinese), kexue.fm, 2020, whose code is the form `per-occurrence`;
 * on inputs instead of embeddings Drucker, Le Cun, "Double backpropagation", 1992.
 *
 * Neighbours: on any loss of this folder.
 */
import * as tf from "@tensorflow/tfjs-core";
import { differentiate } from "../gradients/differentiate.ts";

export type PenaltyForm = "dense" | "per-occurrence";

export interface PenalizedTable {
  /** [tokens, dim] */
  readonly rows: tf.Tensor2D;
  /** [tokens], int32 */
  readonly words: tf.Tensor1D;
}

export interface GradientPenaltyInputs<Outputs> {
  readonly build: () => Outputs;
  readonly tables: ReadonlyArray<PenalizedTable>;
}

export interface GradientPenaltyOptions {
  readonly epsilon: number;
  readonly form: PenaltyForm;
}

/** @returns the outputs of `build`, with the penalty (½ ε and all) added to `loss` and by itself as `penalty` */
export function gradientPenalty<Outputs extends { readonly loss: tf.Tensor; readonly [name: string]: tf.Tensor }>(
  { build, tables }: GradientPenaltyInputs<Outputs>,
  { epsilon, form }: GradientPenaltyOptions,
): Outputs & { readonly penalty: tf.Tensor } {
  const rows = tables.map((table) => table.rows);
  const { outputs, gradients } = differentiate(build, rows);
  const squares = tables.map(({ words }, i) => {
    const gradient = gradients[i] as tf.Tensor2D; // [tokens, dim]
    const squared = form === "dense" ? tf.unsortedSegmentSum(gradient, words, words.size) : gradient;
    return tf.sum(tf.square(squared));
  });
  const penalty = tf.mul(tf.addN(squares), epsilon / 2);
  return { ...outputs, loss: tf.add(outputs.loss, penalty), penalty };
}
