/** From hidden states of tokens to one embedding a sequence, in the caller's order. */
import * as tf from "@tensorflow/tfjs-core";
import type { EncodedRows } from "../dropout.ts";
import type { Pooling } from "../EncoderModel.ts";
import { gatherParts, permuteRows, scaledMatMul } from "../ops/index.ts";
import { batchInputNames, slotFacts } from "../PackedBatch.ts";
import { encodeFirstTokens, encodeTokens } from "./bertEncoder.ts";
import { prefixOf, tensorOf, type EncoderCall } from "./EncoderCall.ts";

/** Which hidden states a pooling reads: for `dropoutSites`. */
export const encodedRowsOf = (pooling: Pooling): EncodedRows => (pooling === "cls" ? "first" : "all");

/** @returns [sequences, dim] in the caller's order */
export function embedSequences(call: EncoderCall, pooling: Pooling): tf.Tensor2D {
  const rows = pooling === "cls" ? encodeFirstTokens(call) : meanOfTokens(call, encodeTokens(call));
  return inCallersOrder(call, rows) as tf.Tensor2D;
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
