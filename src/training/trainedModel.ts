/** Trained weights as models: the encoder's own parameters, and of heads only what the kind of model keeps. */
import type { Backbone, BiEncoder, CrossEncoder, EncoderModel, Pooling } from "../nn/EncoderModel.ts";
import { denseName, type Head, headParameters, parameterSpecs } from "../nn/parameters.ts";
import type { Weights } from "../nn/Weights.ts";

const keep = ({ config }: EncoderModel, weights: Weights, heads: ReadonlyArray<Head> = []): Weights =>
  new Map(parameterSpecs(config, heads).map(({ name }) => [name, weights.get(name)!]));

/** The weights of a further encoder of a program under their own names. @param prefix `second.` */
export const weightsUnder = (weights: Weights, prefix: string): Weights =>
  new Map(
    [...weights].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );

const facts = ({ config, tokenizer, special }: EncoderModel) => ({ config, tokenizer, special });

/** @param heads those that are kept; default none */
export const asBackbone = (from: EncoderModel, weights: Weights, heads: ReadonlyArray<Head> = []): Backbone => ({
  kind: "backbone",
  ...facts(from),
  weights: keep(from, weights, heads),
});

/** Heads that served training are dropped; config, tokenizer, special tokens and `normalize` are those of the model it started from. */
export const asBiEncoder = (
  from: EncoderModel,
  weights: Weights,
  { pooling, maxTokens }: { readonly pooling: Pooling; readonly maxTokens: number },
): BiEncoder => ({
  kind: "bi-encoder",
  ...facts(from),
  weights: keep(from, weights),
  pooling,
  normalize: from.kind === "bi-encoder" && from.normalize,
  maxTokens,
});

/** SimBERT's: its vector is a layer on `[CLS]`, and the head that writes stays. */
export function asWritingEncoder(
  from: EncoderModel,
  weights: Weights,
  { maxTokens }: { readonly maxTokens: number },
): BiEncoder {
  const layer = [
    [`${denseName}.weight`, weights.get(headParameters.poolerWeight)!],
    [`${denseName}.bias`, weights.get(headParameters.poolerBias)!],
  ] as const;
  const kept = keep(from, weights, ["mlm"]);
  const encoder = asBiEncoder(from, weights, { pooling: "cls", maxTokens });
  return { ...encoder, weights: new Map([...kept, ...layer]), dense: { dimension: from.config.hiddenSize } };
}

/**
 * A classifier of two classes as one of a single logit: the second's minus the first's has the same probability. One of a single
 * logit is left as it is.
 */
export function withOneLogit(weights: Weights): Weights {
  const rows = weights.get(headParameters.classifierWeight)!;
  const biases = weights.get(headParameters.classifierBias)!;
  if (biases.values.length === 1) return weights;
  const dim = rows.shape[1]!;
  const weight = Float32Array.from({ length: dim }, (_, i) => rows.values[dim + i]! - rows.values[i]!);
  const bias = Float32Array.of(biases.values[1]! - biases.values[0]!);
  return new Map([
    ...weights,
    [headParameters.classifierWeight, { shape: [1, dim], values: weight }],
    [headParameters.classifierBias, { shape: [1], values: bias }],
  ]);
}

/** With its head. */
export const asCrossEncoder = (
  from: EncoderModel,
  weights: Weights,
  { maxTokens }: { readonly maxTokens: number },
): CrossEncoder => ({
  kind: "cross-encoder",
  ...facts(from),
  weights: keep(from, weights, ["cross-encoder"]),
  maxTokens,
});
