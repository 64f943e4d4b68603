/** From a program's outputs to the gradient of every parameter, in the parameters' order (which fixes the order of sums). */
import { gradientName } from "../engine/withGradients.ts";
import type { ModelConfig } from "../nn/EncoderModel.ts";
import { addRows, embeddingOccurrences } from "../nn/embeddingRows.ts";
import { type Gradient, type Gradients, sumRows } from "../nn/optim/Gradient.ts";
import { embeddingsName } from "../nn/PackedBatch.ts";
import { embeddingWidth } from "../nn/parameters.ts";
import type { Outputs, PreparedStep } from "./Method.ts";

/**
 * Looked-up tables get gradients of rows, from that of the embedding rows. A table that is an input as well (the word table
 * as a masked language model's decoder) gets both in one dense gradient.
 * @param parameters name → values
 */
export function parameterGradients(
  parameters: ReadonlyMap<string, Float32Array>,
  { batch }: PreparedStep,
  outputs: Outputs,
  config: ModelConfig,
): Gradients {
  const dim = embeddingWidth(config);
  const occurrences = embeddingOccurrences(batch, config);
  const ofRows = outputs[gradientName(embeddingsName())]!;
  const gradients = new Map<string, Gradient>();
  for (const [name, values] of parameters) {
    const dense = outputs[gradientName(name)];
    const ids = occurrences.get(name);
    if (ids === undefined) gradients.set(name, dense!);
    else if (dense === undefined) gradients.set(name, sumRows(ids, ofRows, dim, values.length / dim));
    else {
      addRows(dense, ids, ofRows, dim);
      gradients.set(name, dense);
    }
  }
  return gradients;
}
