/** From hidden states of tokens to one embedding a sequence, in the caller's order. */
import * as tf from "@tensorflow/tfjs-core";
import type { EncodedRows } from "../dropout.ts";
import type { Pooling } from "../EncoderModel.ts";
import { gatherParts, permuteRows, scaledMatMul } from "../ops/index.ts";
import { batchInputNames, slotFacts } from "../PackedBatch.ts";
import { paddedLengthOf, poolingText } from "../pooling.ts";
import { encodeFirstTokens, encodeLayers, encodeTokens } from "./bertEncoder.ts";
import { prefixOf, tensorOf, type EncoderCall } from "./EncoderCall.ts";

/** Which hidden states a pooling reads: for `dropoutSites`. */
export const encodedRowsOf = (pooling: Pooling): EncodedRows => (pooling === "cls" ? "first" : "all");

/**
 * Of sequences as `assembleFor` makes them for this pooling: those of `mean-with-padding` hold their padding as tokens.
 * @returns [sequences, dim] in the caller's order
 */
export const embedSequences = (call: EncoderCall, pooling: Pooling): tf.Tensor2D =>
  inCallersOrder(call, pooledRows(call, pooling)) as tf.Tensor2D;

/** [sequences, dim] in the order of the padded layout */
function pooledRows(call: EncoderCall, pooling: Pooling): tf.Tensor {
  switch (pooling) {
    case "cls":
      return encodeFirstTokens(call);
    case "max":
      return maxOfTokens(call, encodeTokens(call));
    case "first-last":
      return meanOfTokens(call, firstAndLast(call));
    default:
      requirePadding(call, pooling);
      return meanOfTokens(call, encodeTokens(call));
  }
}

/** Sequences made for another pooling would give another mean, and nobody would notice. */
function requirePadding({ shape }: EncoderCall, pooling: Pooling): void {
  const length = paddedLengthOf(pooling) ?? 0;
  if (shape.groups.some((group) => group.length < length))
    throw new Error(`Pooling ${poolingText(pooling)} of sequences that are not padded: assembleFor makes them.`);
}

/** Half the sum of the states after the first and the last layer (of one layer: its states). @returns [tokens, dim] */
function firstAndLast(call: EncoderCall): tf.Tensor {
  const states = encodeLayers(call);
  const [first, last] = [states[1] ?? states[0]!, states.at(-1)!];
  return tf.mul(tf.add(first, last), 0.5);
}

/** @param rows [sequences, dim] in the order of the padded layout */
export function inCallersOrder(call: EncoderCall, rows: tf.Tensor): tf.Tensor {
  const names = batchInputNames(prefixOf(call));
  return permuteRows(rows, tensorOf(call, names.exampleRow), tensorOf(call, names.rowExample));
}

/** The mean over a sequence's tokens, special ones included. @param x [tokens, dim] @returns [sequences, dim], padded layout's order */
function meanOfTokens(call: EncoderCall, x: tf.Tensor): tf.Tensor {
  const names = batchInputNames(prefixOf(call));
  const dim = call.config.hiddenSize;
  const padded = paddedTokens(call, x);
  const means = call.shape.groups.map(({ rows }, group) =>
    tf.reshape(scaledMatMul(tensorOf(call, names.mean(group)), padded[group]!), [rows, dim]),
  );
  return means.length === 1 ? means[0]! : tf.concat(means, 0);
}

/** The greatest of each channel over a sequence's tokens. @param x [tokens, dim] @returns [sequences, dim], padded layout's order */
function maxOfTokens(call: EncoderCall, x: tf.Tensor): tf.Tensor {
  const names = batchInputNames(prefixOf(call));
  const greatest = paddedTokens(call, x).map((tokens, group) => {
    const { rows, length } = call.shape.groups[group]!;
    const isToken = tf.greater(tf.reshape(tensorOf(call, names.mean(group)), [rows, length, 1]), 0);
    return tf.max(tf.add(tokens, tf.mul(tf.sub(tf.cast(isToken, "float32"), 1), 1e9)), 1);
  });
  return greatest.length === 1 ? greatest[0]! : tf.concat(greatest, 0);
}

/** [tokens, dim] → [rows, length, dim] for each group. */
function paddedTokens(call: EncoderCall, x: tf.Tensor): ReadonlyArray<tf.Tensor> {
  const { groups, gathered, tokens } = call.shape;
  const names = batchInputNames(prefixOf(call));
  const sizes = groups.map(({ rows, length }) => rows * length);
  const shaped = (part: tf.Tensor, i: number) => tf.reshape(part, [groups[i]!.rows, groups[i]!.length, x.shape[1]!]);
  if (!gathered) return (groups.length === 1 ? [x] : tf.split(x, sizes, 0)).map(shaped);
  const slotToken = tensorOf(call, names.slotToken);
  const fact = (row: number) => tf.reshape(tf.slice(tensorOf(call, names.tokenSlot), [row, 0], [1, tokens]), [tokens]);
  const slot = tf.add(fact(slotFacts.slotsBeforeGroup), tf.add(fact(slotFacts.slotsBeforeRow), fact(slotFacts.column)));
  const indices = groups.length === 1 ? [slotToken] : tf.split(slotToken, sizes, 0);
  return gatherParts(x, indices, slot).map(shaped);
}
