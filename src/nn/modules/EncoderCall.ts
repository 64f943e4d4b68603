/** What the modules of an encoder share while a program is built: its tensors by name, the batch's shape, the dropout sites. */
import * as tf from "@tensorflow/tfjs-core";
import { dropoutInputName, keptScale, type DropoutSite } from "../dropout.ts";
import type { ModelConfig } from "../EncoderModel.ts";
import { maskScale } from "../ops/index.ts";
import { defaultBatchPrefix } from "../PackedBatch.ts";
import type { PackedShape } from "../PackedLayout.ts";
import { tensorNamed, type Tensors } from "../TensorSpec.ts";

export interface EncoderCall {
  readonly config: ModelConfig;
  readonly shape: PackedShape;
  /** Parameters (`parameterSpecs`), the batch (`batchInputs`, `embeddingsInput`) and masks (`dropoutSites`), by name. */
  readonly tensors: Tensors;
  /** Absent or empty: inference, nothing is dropped. */
  readonly dropout?: ReadonlyArray<DropoutSite>;
  /** Before the names of the batch's inputs and masks; default `batch`. */
  readonly prefix?: string;
  /** Before the names of the parameters (`second.`), where a program holds several encoders; default none. */
  readonly parameters?: string;
  /**
   * [sequences, hiddenSize] in the caller's order: stands in the place of what the layers would get of first tokens, behind
   * their norm, dropout and projection. Gradients go to it, and none to those tokens' rows.
   */
  readonly first?: tf.Tensor;
}

export const prefixOf = (call: EncoderCall): string => call.prefix ?? defaultBatchPrefix;

/** An input of the batch. */
export const tensorOf = (call: EncoderCall, name: string): tf.Tensor => tensorNamed(call.tensors, name);

/** @param name as in `parameterSpecs` */
export const parameterOf = (call: EncoderCall, name: string): tf.Tensor =>
  tensorNamed(call.tensors, `${call.parameters ?? ""}${name}`);

const siteNamed = (call: EncoderCall, name: string): DropoutSite | undefined =>
  call.dropout?.find((candidate) => candidate.name === name);

/** Applies the mask of a site; where the site is not among the call's, x passes as it is. */
export function dropped(call: EncoderCall, x: tf.Tensor, site: number, group?: number): tf.Tensor {
  const name = dropoutInputName(prefixOf(call), site, group);
  const found = siteNamed(call, name);
  return found === undefined ? x : maskScale(x, tensorOf(call, name), keptScale(found.rate));
}

/**
 * Zeroes the heads that a site drops, and scales the others by heads / (heads kept of the example); as it is without the site.
 * Source: Zhou et al., "Scheduled DropHead", EMNLP Findings 2020, as Mirror-BERT's code has it (methods §3.1).
 * @param x [rows, heads, queries, headSize]
 */
export function headsDropped(call: EncoderCall, x: tf.Tensor, site: number, group: number): tf.Tensor {
  const name = dropoutInputName(prefixOf(call), site, group);
  if (siteNamed(call, name) === undefined) return x;
  const kept = tf.cast(tensorOf(call, name), "float32"); // [rows, heads, 1, 1]
  return tf.mul(x, tf.mul(kept, tf.div(call.config.heads, tf.sum(kept, 1, true))));
}
