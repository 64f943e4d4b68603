/** The weights a training starts from and ends with: an encoder's own, and the head a method puts on it. */
import type { EncoderModel, ModelConfig } from "../nn/EncoderModel.ts";
import { initializeWeights, parameterSpecs } from "../nn/parameters.ts";
import type { TensorSpec } from "../nn/TensorSpec.ts";
import type { Weights } from "../nn/Weights.ts";

/** The encoder's parameters alone, in their fixed order: heads and whatever else came with the model are left out. */
export const encoderWeights = (config: ModelConfig, weights: Weights): Weights =>
  new Map(parameterSpecs(config).map(({ name }) => [name, weights.get(name)!]));

/** The same weights as those of a further encoder of a program. @param prefix `second.` */
export const prefixedWeights = (weights: Weights, prefix: string): Weights =>
  new Map(Array.from(weights, ([name, tensor]) => [prefix + name, tensor]));

/**
 * Encoder and head. @param kept head parameters taken from the model where it has them (a pre-trained pooler, or a head that guesses words); all others
 * are fresh from the seed
 */
export function withHead(
  { config, weights }: EncoderModel,
  head: ReadonlyArray<TensorSpec>,
  seed: number,
  kept: ReadonlyArray<string> = [],
): Weights {
  const fresh = initializeWeights(head, seed);
  const headWeights = Array.from(fresh, ([name, tensor]) => {
    const own = kept.includes(name) ? weights.get(name) : undefined;
    return [name, own ?? tensor] as const;
  });
  return new Map([...encoderWeights(config, weights), ...headWeights]);
}

/** The config to train with where whole attention heads are dropped. */
export const withDropHead = (config: ModelConfig, rate: number): ModelConfig =>
  rate === 0 ? config : { ...config, dropHead: rate };

/** The config to train with: a dropout rate of the stage's takes the place of all the model's own. */
export function withDropout(config: ModelConfig, rate: number | undefined): ModelConfig {
  if (rate === undefined) return config;
  const { classifierDropout: _, ...rest } = config;
  return { ...rest, hiddenDropout: rate, attentionDropout: rate };
}
