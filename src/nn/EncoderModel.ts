/** Encoders in memory, as artifacts carry them and training, inference and export take them. */
import type { Weights } from "./Weights.ts";

/** The shape of a BERT-like encoder; names follow Hugging Face's `config.json`, in camel case. */
export interface ModelConfig {
  readonly architecture: "bert";
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly maxPositions: number;
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  readonly activation: "gelu";
  /** Rates in training, 0 to 1. */
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
}

export type Pooling = "cls" | "mean";

/** Ids the encoders put around a text. */
export interface SpecialTokens {
  readonly pad: number;
  readonly unknown: number;
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
}

interface ModelBase {
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Digest of the Tokenizer artifact this model was made for. */
  readonly tokenizer: string;
  readonly special: SpecialTokens;
}

/** An encoder without a head: what `model` ports carry and trainings start from. */
export interface Backbone extends ModelBase {
  readonly kind: "backbone";
}

/** Sentence → embedding; the pooling travels with the weights. */
export interface BiEncoder extends ModelBase {
  readonly kind: "bi-encoder";
  readonly pooling: Pooling;
  /** Embeddings are scaled to unit length, as sentence-transformers' Normalize module does; no cosine changes by it. */
  readonly normalize: boolean;
  /** Longest input in tokens, special ones included. */
  readonly maxTokens: number;
}

/** Pair → logit. The head's weights are `pooler.dense.{weight,bias}` and `classifier.{weight,bias}`. */
export interface CrossEncoder extends ModelBase {
  readonly kind: "cross-encoder";
  readonly maxTokens: number;
}

export type EncoderModel = Backbone | BiEncoder | CrossEncoder;
