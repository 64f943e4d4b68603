/** What an encoder computes inside: hidden states, pooler outputs, logits of words; under any layout, to compare with others. */
import * as tf from "@tensorflow/tfjs-core";
import type { EngineShape } from "../../src/engine/Engine.ts";
import { embeddingRows, weightValues } from "../../src/nn/embeddingRows.ts";
import type { ModelConfig } from "../../src/nn/EncoderModel.ts";
import { encodeFirstTokens, encodeTokens } from "../../src/nn/modules/bertEncoder.ts";
import { tensorOf, type EncoderCall } from "../../src/nn/modules/EncoderCall.ts";
import { maskedPositionFeeds, maskedPositionInputs, maskedWordLogits, pairLogits } from "../../src/nn/modules/heads.ts";
import { inCallersOrder } from "../../src/nn/modules/pooling.ts";
import { linear } from "../../src/nn/ops/index.ts";
import {
  batchInputs,
  embeddingsInput,
  embeddingsName,
  packBatch,
  type PackedBatch,
  type Sequence,
} from "../../src/nn/PackedBatch.ts";
import type { LayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { embeddingWidth, headParameters } from "../../src/nn/parameters.ts";
import type { Feeds, TensorSpec } from "../../src/nn/TensorSpec.ts";
import type { Weights } from "../../src/nn/Weights.ts";

interface Encoder {
  readonly config: ModelConfig;
  readonly weights: Weights;
}

interface Asked {
  readonly key: string;
  readonly build: (call: EncoderCall) => tf.Tensor;
  readonly inputs?: (batch: PackedBatch) => ReadonlyArray<TensorSpec>;
  readonly feeds?: (batch: PackedBatch) => Feeds;
}

export async function runEncoder(
  engine: EngineShape,
  { config, weights }: Encoder,
  sequences: ReadonlyArray<Sequence>,
  policy: LayoutPolicy,
  { key, build, inputs, feeds }: Asked,
): Promise<{ readonly output: Float32Array; readonly batch: PackedBatch }> {
  const batch = packBatch(sequences, { policy, maxLength: config.maxPositions });
  const { shape } = batch;
  const parameters = [...weights].map(([name, tensor]): TensorSpec => ({
    name,
    shape: tensor.shape,
    dtype: "float32",
  }));
  const program = {
    key: `${key} ${JSON.stringify([config, shape])}`,
    inputs: [
      ...parameters,
      embeddingsInput(shape, embeddingWidth(config)),
      ...batchInputs(shape),
      ...(inputs?.(batch) ?? []),
    ],
    build: (tensors: EncoderCall["tensors"]) => ({ output: build({ config, shape, tensors }) }),
  };
  const values = weightValues(weights);
  const { output } = await (
    await engine.compile(program)
  ).run({
    ...Object.fromEntries(values),
    ...batch.feeds,
    [embeddingsName()]: embeddingRows(values, batch, config),
    ...feeds?.(batch),
  });
  return { output: output!, batch };
}

/** Hidden states of the real tokens of all sequences, in the caller's order: [tokens, dim]. */
export async function hiddenStates(
  engine: EngineShape,
  encoder: Encoder,
  sequences: ReadonlyArray<Sequence>,
  policy: LayoutPolicy,
): Promise<Float32Array> {
  const asked = { key: "hidden", build: encodeTokens };
  const { output, batch } = await runEncoder(engine, encoder, sequences, policy, asked);
  const dim = encoder.config.hiddenSize;
  return Float32Array.from(
    Array.from(batch.firstToken, (first, example) => [
      ...output.subarray(first * dim, (first + batch.lengths[example]!) * dim),
    ]).flat(),
  );
}

/** First token → dense → tanh, in the caller's order: [sequences, dim]. */
export async function poolerOutputs(
  engine: EngineShape,
  encoder: Encoder,
  sequences: ReadonlyArray<Sequence>,
  policy: LayoutPolicy,
): Promise<Float32Array> {
  return (await runEncoder(engine, encoder, sequences, policy, { key: "pooler", build: pooled })).output;
}

function pooled(call: EncoderCall): tf.Tensor {
  const [weight, bias] = [headParameters.poolerWeight, headParameters.poolerBias].map((name) => tensorOf(call, name));
  return inCallersOrder(call, tf.tanh(linear(encodeFirstTokens(call), weight!, bias!)));
}

/** Logits of pairs, in the caller's order: [sequences]. */
export const logitsOfPairs = async (
  engine: EngineShape,
  encoder: Encoder,
  sequences: ReadonlyArray<Sequence>,
  policy: LayoutPolicy,
): Promise<Float32Array> =>
  (await runEncoder(engine, encoder, sequences, policy, { key: "pairs", build: pairLogits })).output;

/** Logits of the words at one position of every sequence: [sequences, vocab]. */
export async function wordLogits(
  engine: EngineShape,
  encoder: Encoder,
  sequences: ReadonlyArray<Sequence>,
  position: number,
  policy: LayoutPolicy,
): Promise<Float32Array> {
  const { output } = await runEncoder(engine, encoder, sequences, policy, {
    key: "words",
    build: maskedWordLogits,
    inputs: (batch) => maskedPositionInputs(batch.shape, sequences.length),
    feeds: (batch) =>
      maskedPositionFeeds(
        batch,
        sequences.map((_, example) => ({ example, position })),
        sequences.length,
      ),
  });
  return output;
}
