/**
 * The types of ports. Importing them is cheap: what turns values into Arrow bytes and back is loaded at the first use.
 * Each name here is both the type of a port (a value) and the type of what flows through it (a TypeScript type).
 */
import type { ArtifactType } from "../core/ArtifactType.ts";
import type * as models from "../nn/EncoderModel.ts";
import type { Codecs } from "./codecs.ts";
import type * as values from "./values.ts";

export type { ScoreRange, TokenizerJson } from "./values.ts";
export type { ModelConfig, Pooling, SpecialTokens } from "../nn/EncoderModel.ts";

function typeOf<Name extends keyof Codecs>(
  name: Name,
  variant?: string,
): ArtifactType<Parameters<Codecs[Name]["encode"]>[0]> {
  type Value = Parameters<Codecs[Name]["encode"]>[0];
  type Codec = { readonly encode: (value: Value) => Uint8Array; readonly decode: (bytes: Uint8Array) => Value };
  // Cast: TypeScript cannot tie `codecs[name]` to the one member that Name stands for.
  const codec = async () => (await import("./codecs.ts")).codecs[name] as unknown as Codec;
  return {
    name,
    ...(variant === undefined ? {} : { variant }),
    encode: async (value) => (await codec()).encode(value),
    decode: async (bytes) => (await codec()).decode(bytes),
  };
}

export type Sentences = values.Sentences;
export const Sentences = typeOf("Sentences");

export type Pairs = values.Pairs;
export const Pairs = typeOf("Pairs");

export type Groups = values.Groups;
export const Groups = typeOf("Groups");

export type Gold = values.Gold;
export const Gold = typeOf("Gold");

export type Tokens = values.Tokens;
export const Tokens = typeOf("Tokens");

export type TokenPairs = values.TokenPairs;
export const TokenPairs = typeOf("TokenPairs");

export type Scores = values.Scores;
/** Scores of any range, for input ports that take both. */
export const Scores = typeOf("Scores");
export const CosineScores = typeOf("Scores", "cosine");
export const ProbabilityScores = typeOf("Scores", "probability");

export type Tokenizer = values.Tokenizer;
export const Tokenizer = typeOf("Tokenizer");

export type Backbone = models.Backbone;
export const Backbone = typeOf("Backbone");

export type BiEncoder = models.BiEncoder;
export const BiEncoder = typeOf("BiEncoder");

export type CrossEncoder = models.CrossEncoder;
export const CrossEncoder = typeOf("CrossEncoder");

export type Embeddings = values.Embeddings;
export const Embeddings = typeOf("Embeddings");

export type Metrics = values.Metrics;
export const Metrics = typeOf("Metrics");

export type TrainingCurve = values.TrainingCurve;
export const TrainingCurve = typeOf("TrainingCurve");

export type Comparison = values.Comparison;
export const Comparison = typeOf("Comparison");

export type Figure = values.Figure;
export const Figure = typeOf("Figure");

export type Decision = values.Decision;
export const Decision = typeOf("Decision");

/** Every type by its name, for what looks into artifacts without knowing the stage that made them. */
export const artifactTypes = {
  Sentences,
  Pairs,
  Groups,
  Gold,
  Tokens,
  TokenPairs,
  Scores,
  Tokenizer,
  Backbone,
  BiEncoder,
  CrossEncoder,
  Embeddings,
  Metrics,
  TrainingCurve,
  Comparison,
  Figure,
  Decision,
} as const;
