/** A tiny encoder, batches of unequal lengths, and programs of its losses under any layout: the rig of the packing tests. */
import * as tf from "@tensorflow/tfjs-core";
import type { EngineShape, Program } from "../../src/engine/Engine.ts";
import { gradientName, withGradients } from "../../src/engine/withGradients.ts";
import { type DropoutSite, dropoutMasks, dropoutSites } from "../../src/nn/dropout.ts";
import { embeddingRows, weightValues, wordsInput } from "../../src/nn/embeddingRows.ts";
import type { ModelConfig } from "../../src/nn/EncoderModel.ts";
import { gradientPenalty, type GradientPenaltyOptions } from "../../src/nn/losses/gradientPenalty.ts";
import { maskedPositionFeeds, maskedPositionInputs, maskedWordLogits, pairLogits } from "../../src/nn/modules/heads.ts";
import { embedSequences } from "../../src/nn/modules/pooling.ts";
import { batchInputs, embeddingsInput, embeddingsName, packBatch, type PackedBatch } from "../../src/nn/PackedBatch.ts";
import { shapeKey, type LayoutPolicy } from "../../src/nn/PackedLayout.ts";
import {
  embeddingTables,
  embeddingWidth,
  encoderSpecs,
  headSpecs,
  initializeWeights,
  parameterSpecs,
} from "../../src/nn/parameters.ts";
import type { Feeds, TensorSpec } from "../../src/nn/TensorSpec.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { numbers, type Results } from "./engineRig.ts";

export const tinyConfig: ModelConfig = {
  architecture: "bert",
  vocabSize: 50,
  hiddenSize: 16,
  layers: 2,
  heads: 4,
  intermediateSize: 32,
  maxPositions: 40,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.2,
};

/** Fresh weights, shaken so that norms and biases count too. */
export function tinyWeights(config: ModelConfig = tinyConfig): Weights {
  const weights = initializeWeights(parameterSpecs(config, ["cross-encoder", "mlm"]), 5);
  let salt = 0;
  for (const { values } of weights.values()) {
    const shake = numbers(values.length, salt++);
    for (let i = 0; i < values.length; i++) values[i]! += 0.2 * shake[i]!;
  }
  return weights;
}

export const tinySequences = (lengths: ReadonlyArray<number>) =>
  lengths.map((length, row) => ({
    ids: Int32Array.from({ length }, (_, i) => (i * 7 + row * 3 + 1) % tinyConfig.vocabSize),
    types: Int32Array.from({ length }, (_, i) => (i < length / 2 ? 0 : 1)),
  }));

export type Kind = "cls" | "mean" | "cross-encoder" | "mlm";

export interface TinyProgram {
  readonly program: Program;
  readonly feeds: Feeds;
  readonly batch: PackedBatch;
}

/** Masked positions of the tests: two of each sequence, and three places more than needed. */
const chosenOf = (batch: PackedBatch) =>
  Array.from(batch.lengths, (length, example) => [
    { example, position: 0 },
    { example, position: length - 1 },
  ])
    .flat()
    .filter((choice, i, all) => i === 0 || choice.position !== 0 || all[i - 1]!.example !== choice.example);

export function tinyProgram(
  kind: Kind,
  lengths: ReadonlyArray<number>,
  policy: LayoutPolicy,
  config: ModelConfig = tinyConfig,
  penalty?: GradientPenaltyOptions,
): TinyProgram {
  const weights = weightValues(tinyWeights(config));
  const batch = packBatch(tinySequences(lengths), { policy });
  const first = kind === "cls" || kind === "cross-encoder";
  const sites = dropoutSites(config, batch.shape, first ? "first" : "all", kind === "cross-encoder");
  const chosen = chosenOf(batch);
  const places = chosen.length + 3;
  const specs: ReadonlyArray<TensorSpec> = [
    ...encoderSpecs(config),
    ...(kind === "cross-encoder" ? headSpecs(config, "cross-encoder") : []),
    ...(kind === "mlm"
      ? [...headSpecs(config, "mlm"), parameterSpecs(config).find((spec) => spec.name === embeddingTables.word)!]
      : []),
  ];
  const program = withGradients({
    key: `tiny ${kind} ${JSON.stringify(config)} ${shapeKey(batch.shape)} ${JSON.stringify(penalty)}`,
    inputs: [
      ...specs,
      ...batchInputs(batch.shape),
      embeddingsInput(batch.shape, embeddingWidth(config)),
      ...sites,
      ...(kind === "mlm" ? maskedPositionInputs(batch.shape, places) : []),
      ...(penalty === undefined ? [] : [wordsInput(batch.shape)]),
    ],
    wrt: [...specs.map((spec) => spec.name), embeddingsName()],
    build: (tensors) => {
      const call = { config, shape: batch.shape, tensors, dropout: sites };
      const loss = () => {
        const result = resultOf(kind, call, chosen.length);
        return { loss: weighedSum(result), result };
      };
      if (penalty === undefined) return loss();
      const rows = tensors[embeddingsName()] as tf.Tensor2D;
      const words = tensors[wordsInput(batch.shape).name] as tf.Tensor1D;
      return gradientPenalty({ build: loss, tables: [{ rows, words }] }, penalty);
    },
  });
  const feeds = {
    ...Object.fromEntries(weights),
    ...batch.feeds,
    [embeddingsName()]: embeddingRows(weights, batch, config),
    ...dropoutMasks(sites, batch, { seed: 3, step: 4 }),
    ...(kind === "mlm" ? maskedPositionFeeds(batch, chosen, places) : {}),
    ...(penalty === undefined ? {} : { [wordsInput(batch.shape).name]: batch.ids }),
  };
  return { program, feeds, batch };
}

interface Call {
  readonly config: ModelConfig;
  readonly shape: PackedBatch["shape"];
  readonly tensors: { readonly [name: string]: tf.Tensor };
  readonly dropout: ReadonlyArray<DropoutSite>;
}

function resultOf(kind: Kind, call: Call, places: number): tf.Tensor {
  if (kind === "cross-encoder") return pairLogits(call);
  if (kind === "mlm") return tf.slice(maskedWordLogits(call), [0, 0], [places, call.config.vocabSize]);
  return embedSequences(call, kind);
}

/** Each element counts differently, and not in proportion. */
const weighedSum = (result: tf.Tensor): tf.Tensor =>
  tf.sum(tf.mul(tf.tanh(result), tf.tensor(numbers(result.size, 9), result.shape)));

/** Results by example and position rather than by row, so that layouts can be compared; and the largest gradient of a filler. */
export async function runTiny(engine: EngineShape, { program, feeds, batch }: TinyProgram): Promise<Results> {
  const results = await (await engine.compile(program)).run(feeds);
  const rows = results[gradientName(embeddingsName())]!;
  const dim = rows.length / batch.ids.length;
  const byExample: Array<number> = [];
  batch.firstToken.forEach((first, example) =>
    byExample.push(...rows.subarray(first * dim, (first + batch.lengths[example]!) * dim)),
  );
  let filler = 0;
  batch.ids.forEach((id, token) => {
    if (id < 0)
      for (const value of rows.subarray(token * dim, (token + 1) * dim)) filler = Math.max(filler, Math.abs(value));
  });
  return {
    ...results,
    [gradientName(embeddingsName())]: Float32Array.from(byExample),
    filler: Float32Array.of(filler),
  };
}
