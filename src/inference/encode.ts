/** Sentences → embeddings with a bi-encoder. */
import type { EngineShape } from "../engine/Engine.ts";
import { assembleFor } from "../nn/assembleInput.ts";
import { type BiEncoder, embeddingDimension } from "../nn/EncoderModel.ts";
import { tensorOf } from "../nn/modules/EncoderCall.ts";
import { embedSequences } from "../nn/modules/pooling.ts";
import { linear } from "../nn/ops/index.ts";
import { denseName, denseSpecs, encoderSpecs } from "../nn/parameters.ts";
import { paddedLengthOf, poolingText } from "../nn/pooling.ts";
import { type Ragged, raggedRow, raggedRows } from "../nn/Ragged.ts";
import { type Head, type InferenceOptions, runInBatches } from "./batchRunner.ts";

/**
 * Embeddings as the pooling and the layer on it, where there is one, give them, scaled to unit length where the model says `normalize`; texts are cut at its `maxTokens`.
 *
 * @param ids of the sentences, without special tokens
 * @returns [sentences, `embeddingDimension`], row-major, row i for sentence i
 * @throws InferenceInterrupted when `options.isInterrupted` says so between two batches
 */
export async function encodeTokens(
  model: BiEncoder,
  ids: Ragged,
  engine: EngineShape,
  options: InferenceOptions = {},
): Promise<Float32Array> {
  const { config, pooling, special, maxTokens, normalize, dense } = model;
  const sequences = Array.from({ length: raggedRows(ids) }, (_, row) =>
    assembleFor(pooling, raggedRow(ids, row), special, maxTokens),
  );
  const head: Head = {
    key: `embed ${poolingText(pooling)}${dense === undefined ? "" : ` dense ${dense.dimension}`}`,
    parameters: [...encoderSpecs(config), ...denseSpecs(model)],
    width: embeddingDimension(model),
    maxLength: paddedLengthOf(pooling) ?? config.maxPositions,
    build: (call) => {
      const pooled = embedSequences(call, pooling); // [sequences, hiddenSize]
      const parameter = (kind: string) => tensorOf(call, `${denseName}.${kind}`);
      return dense === undefined ? pooled : linear(pooled, parameter("weight"), parameter("bias"));
    },
  };
  const embeddings = await runInBatches(model, head, sequences, engine, options);
  if (normalize) scaleToUnitLength(embeddings, embeddingDimension(model));
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
