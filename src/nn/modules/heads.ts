/** What stands on an encoder: a pair's logit, words, and whether a word was exchanged. */
import * as tf from "@tensorflow/tfjs-core";
import { dropoutSiteNumbers } from "../dropout.ts";
import { headFormOf } from "../headForms.ts";
import { activate, gatherParts, layerNorm, linear } from "../ops/index.ts";
import { embeddingTables, headParameters } from "../parameters.ts";
import type { PackedBatch } from "../PackedBatch.ts";
import type { PackedShape } from "../PackedLayout.ts";
import type { Feeds, TensorSpec } from "../TensorSpec.ts";
import { encodeFirstTokens, encodeTokens } from "./bertEncoder.ts";
import { dropped, parameterOf, tensorOf, type EncoderCall } from "./EncoderCall.ts";
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
  const parameter = (name: keyof typeof headParameters) => parameterOf(call, headParameters[name]);
  const { dense, activation } = headFormOf(call.config);
  const { layers } = call.config;
  const first = dropped(call, encodeFirstTokens(call), dropoutSiteNumbers.headInput(layers)); // [sequences, dim]
  const hidden = linear(first, parameterOf(call, `${dense}.weight`), parameterOf(call, `${dense}.bias`));
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

/** Logits over the vocabulary at masked positions. @param states [tokens, dim], where they are known already @returns [positions, vocab] */
export function maskedWordLogits(call: EncoderCall, states = encodeTokens(call)): tf.Tensor2D {
  const tokens = tensorOf(call, maskedPositionNames.tokens);
  const places = tensorOf(call, maskedPositionNames.places);
  return wordLogits(call, gatherParts(states, [tokens], places, true)[0]!);
}

/** The likeliest word at every token, masked or not, as a number that is exact below 2^24. @returns [tokens] float32 */
export const likeliestWords = (call: EncoderCall): tf.Tensor1D =>
  tf.cast(tf.argMax(wordLogits(call, encodeTokens(call)), 1), "float32");

/**
 * Logits over the vocabulary: dense → activation → LayerNorm → the word table as decoder, plus a bias. Needs the word table
 * among the call's tensors. @param rows [rows, dim] hidden states @returns [rows, vocab]
 */
function wordLogits(call: EncoderCall, rows: tf.Tensor): tf.Tensor2D {
  const parameter = (name: keyof typeof headParameters) => parameterOf(call, headParameters[name]);
  const activation = headFormOf(call.config).wordActivation ?? call.config.activation;
  const transformed = activate(linear(rows, parameter("transformWeight"), parameter("transformBias")), activation);
  const normed = layerNorm(
    transformed,
    parameter("transformNormWeight"),
    parameter("transformNormBias"),
    call.config.layerNormEps,
  ); // [rows, width of the embeddings]
  return linear(normed, parameterOf(call, embeddingTables.word), parameter("decoderBias")) as tf.Tensor2D;
}

/** Two logits of every token: it is the original, it was exchanged. @returns [tokens, 2]; rows of fillers hold nothing of use */
export const detectionLogits = (call: EncoderCall): tf.Tensor2D =>
  linear(
    encodeTokens(call),
    parameterOf(call, headParameters.detectionWeight),
    parameterOf(call, headParameters.detectionBias),
  ) as tf.Tensor2D;
