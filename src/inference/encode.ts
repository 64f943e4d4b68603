/** Sentences → embeddings with a bi-encoder. */
import type { EngineShape } from "../engine/Engine.ts";
import { assembleFor } from "../nn/assembleInput.ts";
import type { BiEncoder } from "../nn/EncoderModel.ts";
import { embedSequences } from "../nn/modules/pooling.ts";
import { encoderSpecs } from "../nn/parameters.ts";
import { paddedLengthOf, poolingText } from "../nn/pooling.ts";
import { type Ragged, raggedRow, raggedRows } from "../nn/Ragged.ts";
import { type Head, type InferenceOptions, runInBatches } from "./batchRunner.ts";

/**
 * Embeddings as the pooling gives them, scaled to unit length where the model says `normalize`; texts are cut at its `maxTokens`.
 *
 * @param ids of the sentences, without special tokens
 * @returns [sentences, hiddenSize], row-major, row i for sentence i
 * @throws InferenceInterrupted when `options.isInterrupted` says so between two batches
 */
export async function encodeTokens(
  model: BiEncoder,
  ids: Ragged,
  engine: EngineShape,
  options: InferenceOptions = {},
): Promise<Float32Array> {
  const { config, pooling, special, maxTokens, normalize } = model;
  const sequences = Array.from({ length: raggedRows(ids) }, (_, row) =>
    assembleFor(pooling, raggedRow(ids, row), special, maxTokens),
  );
  const head: Head = {
    key: `embed ${poolingText(pooling)}`,
    parameters: encoderSpecs(config),
    width: config.hiddenSize,
    maxLength: paddedLengthOf(pooling) ?? config.maxPositions,
    build: (call) => embedSequences(call, pooling),
  };
  const embeddings = await runInBatches(model, head, sequences, engine, options);
  if (normalize) scaleToUnitLength(embeddings, config.hiddenSize);
  return embeddings;
}

/** In place; a vector of zeros stays as it is. */
function scaleToUnitLength(embeddings: Float32Array, dimension: number): void {
  for (let from = 0; from < embeddings.length; from += dimension) {
    const vector = embeddings.subarray(from, from + dimension);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) vector.forEach((value, i) => (vector[i] = value / length));
  }
}
