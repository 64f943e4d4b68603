/** Sentences → embeddings with a bi-encoder. */
import type { EngineShape } from "../engine/Engine.ts";
import { assembleSingle } from "../nn/assembleInput.ts";
import type { BiEncoder } from "../nn/EncoderModel.ts";
import { embedSequences } from "../nn/modules/pooling.ts";
import { encoderSpecs } from "../nn/parameters.ts";
import { type Ragged, raggedRow, raggedRows } from "../nn/Ragged.ts";
import { type Hooks, runInBatches } from "./batchRunner.ts";

/**
 * Embeddings as the pooling gives them, not scaled to unit length; texts are cut at the model's `maxTokens`.
 *
 * @param ids of the sentences, without special tokens
 * @returns [sentences, hiddenSize], row-major, row i for sentence i
 * @throws InferenceInterrupted when `hooks.isInterrupted` says so between two batches
 */
export function encodeTokens(
  model: BiEncoder,
  ids: Ragged,
  engine: EngineShape,
  hooks: Hooks = {},
): Promise<Float32Array> {
  const { config, pooling, special, maxTokens } = model;
  const sequences = Array.from({ length: raggedRows(ids) }, (_, row) =>
    assembleSingle(raggedRow(ids, row), special, maxTokens),
  );
  const head = {
    key: `embed ${pooling}`,
    parameters: encoderSpecs(config),
    width: config.hiddenSize,
    build: (call: Parameters<typeof embedSequences>[0]) => embedSequences(call, pooling),
  };
  return runInBatches(model, head, sequences, engine, hooks);
}
