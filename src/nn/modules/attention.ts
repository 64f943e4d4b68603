/**
 * Multi-head self-attention over packed tokens. Linear layers see real tokens only; queries, keys and values go to the padded
 * layout of the length groups by one gather each, and the context comes back by one.
 */
import * as tf from "@tensorflow/tfjs-core";
import { dropoutSiteNumbers } from "../dropout.ts";
import { gatherJoined, gatherParts, linear, maskedSoftmax, scaledMatMul } from "../ops/index.ts";
import { batchInputNames } from "../PackedBatch.ts";
import { layerPrefix } from "../parameters.ts";
import { dropped, headsDropped, parameterOf, prefixOf, tensorOf, type EncoderCall } from "./EncoderCall.ts";
import { headRowsOfPlaces, placesOfHeadRows } from "./headIndex.ts";

/** @param x [tokens, dim] @returns the context of every token, [tokens, dim], before the output projection */
export function selfAttention(call: EncoderCall, x: tf.Tensor, layer: number): tf.Tensor {
  const { heads, hiddenSize } = call.config;
  const headSize = hiddenSize / heads;
  const projected = project(call, x, layer, ["query", "key", "value"]); // [tokens, 3 dim]
  const split = splitHeads(call, projected, 3);
  const contexts = split.map(([query, key, value], group) => attend(call, query!, key!, value!, layer, group));
  const joined = gatherJoined(
    contexts,
    placesOfHeadRows(call, 1),
    headRowsOfPlaces(call, 1).map((places) => places[0]!),
  ); // [tokens · heads, headSize]
  return tf.reshape(joined, [call.shape.tokens, heads * headSize]);
}

/**
 * The same for queries of first tokens only: what the last layer needs where nothing but first tokens is read after it.
 * @param x [tokens, dim] @param first [sequences, dim] their rows, in the order of the padded layout
 * @returns [sequences, dim] in that order
 */
export function firstTokenAttention(call: EncoderCall, x: tf.Tensor, first: tf.Tensor, layer: number): tf.Tensor {
  const { heads, hiddenSize } = call.config;
  const queries = project(call, first, layer, ["query"]); // [sequences, dim]
  const split = splitHeads(call, project(call, x, layer, ["key", "value"]), 2);
  const rows = call.shape.groups.map((group) => group.rows);
  const perGroup = rows.length === 1 ? [queries] : tf.split(queries, rows, 0);
  const contexts = split.map(([key, value], group) => {
    const query = tf.reshape(perGroup[group]!, [rows[group]!, heads, 1, hiddenSize / heads]);
    return tf.reshape(attend(call, query, key!, value!, layer, group), [rows[group]!, hiddenSize]);
  });
  return contexts.length === 1 ? contexts[0]! : tf.concat(contexts, 0);
}

/** Several projections as one product: their weights side by side. @returns [rows, names.length · dim] */
function project(call: EncoderCall, x: tf.Tensor, layer: number, names: ReadonlyArray<string>): tf.Tensor {
  const of = (name: string, kind: string) => parameterOf(call, `${layerPrefix(layer)}attention.self.${name}.${kind}`);
  const joined = (kind: string) => {
    const parts = names.map((name) => of(name, kind));
    return parts.length === 1 ? parts[0]! : tf.concat(parts, 0);
  };
  return linear(x, joined("weight"), joined("bias"));
}

/** [tokens, parts · dim] → for each group its parts, each [rows, heads, length, headSize]. */
function splitHeads(call: EncoderCall, x: tf.Tensor, parts: number): ReadonlyArray<ReadonlyArray<tf.Tensor>> {
  const { heads, hiddenSize } = call.config;
  const headRows = tf.reshape(x, [call.shape.tokens * parts * heads, hiddenSize / heads]);
  const gathered = gatherParts(headRows, headRowsOfPlaces(call, parts).flat(), placesOfHeadRows(call, parts));
  return call.shape.groups.map((_, group) => gathered.slice(group * parts, (group + 1) * parts));
}

/** @param query [rows, heads, queries, headSize] @param key, value [rows, heads, length, headSize] @returns as `query` */
function attend(
  call: EncoderCall,
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  layer: number,
  group: number,
): tf.Tensor {
  const scale = 1 / Math.sqrt(query.shape.at(-1)!);
  const scores = scaledMatMul(query, key, { transposeB: true, scale }); // [rows, heads, queries, length]
  const weights = maskedSoftmax(scores, maskBias(call, group, query.shape[2]!));
  const context = scaledMatMul(dropped(call, weights, dropoutSiteNumbers.attention(layer), group), value);
  return headsDropped(call, context, dropoutSiteNumbers.attentionHeads(layer), group);
}

/** [rows, 1, 1 or queries, length]; undefined where every key is seen. @param queries the first so many of each row */
function maskBias(call: EncoderCall, group: number, queries: number): tf.Tensor | undefined {
  const { rows, length, masked } = call.shape.groups[group]!;
  if (!masked) return undefined;
  const bias = tensorOf(call, batchInputNames(prefixOf(call)).bias(group));
  return masked === "by-query" && queries < length ? tf.slice(bias, [0, 0, 0, 0], [rows, 1, queries, length]) : bias;
}
