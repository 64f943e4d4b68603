/**
 * The BERT encoder on packed tokens, from embedding rows to hidden states.
 * Source: Devlin et al., "BERT", NAACL 2019; parameter names and orientation as in Hugging Face's `BertModel`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { dropoutSiteNumbers } from "../dropout.ts";
import { erfGate, gatherParts, geluScale, layerNorm, linear } from "../ops/index.ts";
import { batchInputNames, embeddingsName } from "../PackedBatch.ts";
import { layerPrefix } from "../parameters.ts";
import { firstTokenAttention, selfAttention } from "./attention.ts";
import { dropped, prefixOf, tensorOf, type EncoderCall } from "./EncoderCall.ts";

/** Hidden states of every token. @returns [tokens, dim]; rows of fillers hold nothing of use */
export function encodeTokens(call: EncoderCall): tf.Tensor {
  let x = embed(call);
  for (let layer = 0; layer < call.config.layers; layer++)
    x = afterAttention(call, x, selfAttention(call, x, layer), layer);
  return x;
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
  return dropped(call, normed, dropoutSiteNumbers.embeddings);
}

/** The rest of a layer: output projection, feed-forward, both with residual and norm. @param context like x, [rows, dim] */
function afterAttention(call: EncoderCall, x: tf.Tensor, context: tf.Tensor, layer: number): tf.Tensor {
  const prefix = layerPrefix(layer);
  const dense = (input: tf.Tensor, name: string, scales?: Parameters<typeof linear>[3]) =>
    linear(input, tensorOf(call, `${prefix}${name}.weight`), tensorOf(call, `${prefix}${name}.bias`), scales);
  const attended = dropped(call, dense(context, "attention.output.dense"), dropoutSiteNumbers.attentionOutput(layer));
  const middle = norm(call, tf.add(attended, x), `${prefix}attention.output.LayerNorm`);
  // GELU's constants are folded into the products around it.
  const wide = erfGate(dense(middle, "intermediate.dense", { scale: geluScale, biasScale: geluScale })); // [rows, intermediate]
  const narrow = dropped(
    call,
    dense(wide, "output.dense", { scale: geluScale }),
    dropoutSiteNumbers.feedForwardOutput(layer),
  );
  return norm(call, tf.add(narrow, middle), `${prefix}output.LayerNorm`);
}

const norm = (call: EncoderCall, x: tf.Tensor, name: string): tf.Tensor =>
  layerNorm(x, tensorOf(call, `${name}.weight`), tensorOf(call, `${name}.bias`), call.config.layerNormEps);
