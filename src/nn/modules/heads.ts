/** What stands on an encoder: a pair's logit, and the words at masked positions. */
import * as tf from "@tensorflow/tfjs-core";
import { dropoutSiteNumbers } from "../dropout.ts";
import { headFormOf } from "../headForms.ts";
import { activate, gatherParts, layerNorm, linear } from "../ops/index.ts";
import { embeddingTables, headParameters } from "../parameters.ts";
import type { PackedBatch } from "../PackedBatch.ts";
import type { PackedShape } from "../PackedLayout.ts";
import type { Feeds, TensorSpec } from "../TensorSpec.ts";
import { encodeFirstTokens, encodeTokens } from "./bertEncoder.ts";
import { dropped, tensorOf, type EncoderCall } from "./EncoderCall.ts";
import { inCallersOrder } from "./pooling.ts";

/**
 * The logit of each pair, by a classifier of one output.
 * @returns [sequences] in the caller's order
 */
export const pairLogits = (call: EncoderCall): tf.Tensor1D => tf.reshape(pairOutputs(call), [call.shape.sequences]);

/**
 * What a classifier gives for each pair: first token → (dropout) → dense → activation → dropout → linear, as Hugging Face's class for
 * sequence classification has it (`headForms.ts`). Dropout sites: `dropoutSites(config, shape, "first", true)`.
 * @returns [sequences, outputs] in the caller's order
 */
export function pairOutputs(call: EncoderCall): tf.Tensor2D {
  const parameter = (name: keyof typeof headParameters) => tensorOf(call, headParameters[name]);
  const { dense, activation } = headFormOf(call.config);
  const { layers } = call.config;
  const first = dropped(call, encodeFirstTokens(call), dropoutSiteNumbers.headInput(layers)); // [sequences, dim]
  const hidden = linear(first, tensorOf(call, `${dense}.weight`), tensorOf(call, `${dense}.bias`));
  const kept = dropped(call, activate(hidden, activation), dropoutSiteNumbers.head(layers));
  const logits = linear(kept, parameter("classifierWeight"), parameter("classifierBias")); // [sequences, outputs]
  return inCallersOrder(call, logits) as tf.Tensor2D;
}

export const maskedPositionNames = { tokens: "mlm.tokens", places: "mlm.places" } as const;

/** Inputs of `maskedWordLogits` for up to `positions` masked tokens. */
export const maskedPositionInputs = (shape: PackedShape, positions: number): ReadonlyArray<TensorSpec> => [
  { name: maskedPositionNames.tokens, shape: [positions], dtype: "int32" },
  { name: maskedPositionNames.places, shape: [shape.tokens], dtype: "int32" },
];

/**
 * Where the masked tokens are. Fewer than `positions` are filled up; rows of the logits behind the real ones must have weight 0.
 * @param chosen sequences (in the caller's order) and positions, each token at most once
 */
export function maskedPositionFeeds(
  batch: PackedBatch,
  chosen: ReadonlyArray<{ readonly example: number; readonly position: number }>,
  positions: number,
): Feeds {
  const tokens = new Int32Array(positions);
  const places = new Int32Array(batch.shape.tokens).fill(positions);
  chosen.forEach(({ example, position }, place) => {
    const token = batch.firstToken[example]! + position;
    tokens[place] = token;
    places[token] = place;
  });
  return { [maskedPositionNames.tokens]: tokens, [maskedPositionNames.places]: places };
}

/**
 * Logits over the vocabulary at masked positions: dense → activation → LayerNorm → the word table as decoder, plus a bias. Needs the
 * word table among the call's tensors. @returns [positions, vocab]
 */
export function maskedWordLogits(call: EncoderCall): tf.Tensor2D {
  const parameter = (name: keyof typeof headParameters) => tensorOf(call, headParameters[name]);
  const tokens = tensorOf(call, maskedPositionNames.tokens);
  const rows = gatherParts(encodeTokens(call), [tokens], tensorOf(call, maskedPositionNames.places), true)[0]!;
  const activation = headFormOf(call.config).wordActivation ?? call.config.activation;
  const transformed = activate(linear(rows, parameter("transformWeight"), parameter("transformBias")), activation);
  const normed = layerNorm(
    transformed,
    parameter("transformNormWeight"),
    parameter("transformNormBias"),
    call.config.layerNormEps,
  ); // [positions, width of the embeddings]
  return linear(normed, tensorOf(call, embeddingTables.word), parameter("decoderBias")) as tf.Tensor2D;
}
