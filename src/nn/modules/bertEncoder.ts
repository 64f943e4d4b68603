/**
 * The BERT encoder on packed tokens, from embedding rows to hidden states. Its relatives are the same but for what the config
 * says: another activation, a projection of the embeddings.
 * Source: Devlin et al., "BERT", NAACL 2019; parameter names and orientation as in Hugging Face's `BertModel`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { dropoutSiteNumbers } from "../dropout.ts";
import { activate, erfGate, gatherParts, geluScale, layerNorm, linear, permuteRows } from "../ops/index.ts";
import { batchInputNames, embeddingsName } from "../PackedBatch.ts";
import { embeddingProjection, hasProjection, layerPrefix } from "../parameters.ts";
import { firstTokenAttention, selfAttention } from "./attention.ts";
import { dropped, parameterOf, prefixOf, tensorOf, type EncoderCall } from "./EncoderCall.ts";

/** Hidden states of every token after the last layer. @returns [tokens, dim]; rows of fillers hold nothing of use */
export const encodeTokens = (call: EncoderCall): tf.Tensor => encodeLayers(call).at(-1)!;

/** Hidden states of every token: before all layers, then after each. @returns layers + 1 times [tokens, dim] */
export function encodeLayers(call: EncoderCall): ReadonlyArray<tf.Tensor> {
  const states = [embed(call)];
  for (let layer = 0; layer < call.config.layers; layer++) {
    const x = states.at(-1)!;
    states.push(afterAttention(call, x, selfAttention(call, x, layer), layer));
  }
  return states;
}

/**
 * Hidden states of first tokens alone: in the last layer only their queries, and only their rows of all that follows, are
 * computed. The numbers are those of `encodeTokens`.
 * @returns [sequences, dim], in the order of the padded layout
 */
export function encodeFirstTokens(call: EncoderCall): tf.Tensor {
  const { layers } = call.config;
  let x = embed(call);
  for (let layer = 0; layer < layers - 1; layer++) x = afterAttention(call, x, selfAttention(call, x, layer), layer);
  const first = firstTokens(call, x);
  return layers === 0
    ? first
    : afterAttention(call, first, firstTokenAttention(call, x, first, layers - 1), layers - 1);
}

/** Rows of first tokens. @param x [tokens, dim] @returns [sequences, dim], in the order of the padded layout */
export function firstTokens(call: EncoderCall, x: tf.Tensor): tf.Tensor {
  const names = batchInputNames(prefixOf(call));
  return gatherParts(x, [tensorOf(call, names.rowFirst)], tensorOf(call, names.firstRow), true)[0]!;
}

function embed(call: EncoderCall): tf.Tensor {
  const normed = norm(call, tensorOf(call, embeddingsName(prefixOf(call))), "embeddings.LayerNorm");
  const kept = dropped(call, normed, dropoutSiteNumbers.embeddings);
  const rows = hasProjection(call.config) ? dense(call, kept, embeddingProjection) : kept;
  return call.first === undefined ? rows : withFirst(call, rows, call.first);
}

/** @param x [tokens, dim] @param first [sequences, dim] in the caller's order @returns x with these as rows of first tokens */
function withFirst(call: EncoderCall, x: tf.Tensor, first: tf.Tensor): tf.Tensor {
  const { sequences, tokens } = call.shape;
  const names = batchInputNames(prefixOf(call));
  const firstRow = tensorOf(call, names.firstRow); // [tokens] a row of the layout, or `sequences`
  const inLayout = permuteRows(first, tensorOf(call, names.rowExample), tensorOf(call, names.exampleRow));
  const noRow = tf.zeros([1, first.shape[1]!]);
  const places = tf.concat([tensorOf(call, names.rowFirst), tf.tensor1d([tokens], "int32")]);
  const given = gatherParts(tf.concat([inLayout, noRow]), [firstRow], places, true)[0]!; // [tokens, dim]
  const isOther = gatherParts(tf.concat([tf.zeros([sequences, 1]), tf.ones([1, 1])]), [firstRow], places, true)[0]!;
  return tf.add(tf.mul(x, isOther), given);
}

/** The rest of a layer: output projection, feed-forward, both with residual and norm. @param context like x, [rows, dim] */
function afterAttention(call: EncoderCall, x: tf.Tensor, context: tf.Tensor, layer: number): tf.Tensor {
  const prefix = layerPrefix(layer);
  const projected = dense(call, context, `${prefix}attention.output.dense`);
  const attended = dropped(call, projected, dropoutSiteNumbers.attentionOutput(layer));
  const middle = norm(call, tf.add(attended, x), `${prefix}attention.output.LayerNorm`);
  const narrow = dropped(call, feedForward(call, middle, prefix), dropoutSiteNumbers.feedForwardOutput(layer));
  return norm(call, tf.add(narrow, middle), `${prefix}output.LayerNorm`);
}

/** Wide, activated, narrow again. @param x [rows, dim] @returns [rows, dim] */
function feedForward(call: EncoderCall, x: tf.Tensor, prefix: string): tf.Tensor {
  const [wide, narrow] = [`${prefix}intermediate.dense`, `${prefix}output.dense`];
  const { activation } = call.config;
  if (activation !== "gelu") return dense(call, activate(dense(call, x, wide), activation), narrow);
  // GELU's constants are folded into the products around it.
  const gated = erfGate(dense(call, x, wide, { scale: geluScale, biasScale: geluScale })); // [rows, intermediate]
  return dense(call, gated, narrow, { scale: geluScale });
}

const dense = (call: EncoderCall, x: tf.Tensor, name: string, scales?: Parameters<typeof linear>[3]): tf.Tensor =>
  linear(x, parameterOf(call, `${name}.weight`), parameterOf(call, `${name}.bias`), scales);

const norm = (call: EncoderCall, x: tf.Tensor, name: string): tf.Tensor =>
  layerNorm(x, parameterOf(call, `${name}.weight`), parameterOf(call, `${name}.bias`), call.config.layerNormEps);
