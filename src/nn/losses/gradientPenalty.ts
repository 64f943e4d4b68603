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
 * every token of the batch, which L depends on, and `words` [tokens] (int32), the same number for tokens of the same
 * word.
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
    return tf.sum(tf.mul(gradient, form === "dense" ? sumsOfWords(gradient, words) : gradient));
  });
  const penalty = tf.mul(tf.addN(squares), epsilon / 2);
  return { ...outputs, loss: tf.add(outputs.loss, penalty), penalty };
}

/**
 * For each token the sum of the rows of all tokens of its word, so that the products of both with the rows add up to the squares
 * of the sums. As a product of matrices: no scatter, whose order of additions devices do not promise. [tokens, dim]
 */
function sumsOfWords(rows: tf.Tensor2D, words: tf.Tensor1D): tf.Tensor2D {
  const isSameWord = tf.equal(tf.reshape(words, [-1, 1]), tf.reshape(words, [1, -1])); // [tokens, tokens]
  return tf.matMul(tf.cast(isSameWord, "float32") as tf.Tensor2D, rows);
}
