/** Encoders in memory, as artifacts carry them and training, inference and export take them. */
import type { Weights } from "./Weights.ts";

/** What an encoder is called in files; all are one network with the differences that a config and `headForms.ts` tell. */
export type Architecture = "bert" | "roberta" | "xlm-roberta" | "camembert" | "distilbert" | "electra";

/** Hugging Face's names; `gelu_new` is the approximation by tanh. */
export type Activation = "gelu" | "gelu_new" | "relu" | "silu" | "tanh";

/**
 * How the special tokens of a pair stand: `[CLS] a [SEP] b [SEP]` with segments 0 and 1, or RoBERTa's `<s> a </s></s> b </s>`,
 * all of it segment 0.
 */
export type PairForm = "bert" | "roberta";

/**
 * The shape of a BERT-like encoder; names follow Hugging Face's `config.json`, in camel case. What a plain BERT has no need of
 * is absent there, so that its artifacts and keys are those of before these fields existed.
 */
export interface ModelConfig {
  readonly architecture: Architecture;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  /** Longest input in tokens, special ones included. */
  readonly maxPositions: number;
  /** Rows of the table of segments; 0: there is none (DistilBERT). */
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  /** Of the feed-forward part. */
  readonly activation: Activation;
  /** Rates in training, 0 to 1. */
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  /** Of whole attention heads, by example and layer; absent: 0. */
  readonly dropHead?: number;
  /** Of a cross-encoder's head; absent: `hiddenDropout`. */
  readonly classifierDropout?: number;
  /** Width of the embedding tables; absent: `hiddenSize`, otherwise a projection leads from one to the other (ELECTRA). */
  readonly embeddingSize?: number;
  /**
   * RoBERTa's counting: the first token has row `paddingIndex + 1` of the position table, and a padding token (of this id)
   * inside a text has row `paddingIndex` and is not counted. Absent: the first token has row 0.
   */
  readonly paddingIndex?: number;
  /** Absent: `bert`. */
  readonly pairForm?: PairForm;
}

/**
 * How token vectors become an embedding: the first token's (`cls`), the mean or the greatest of each channel over all tokens of
 * the text, special ones included (`mean`, `max`), the mean over them of the first and the last layer's states, halved (`first-last`:
 * layer 1, not the embedding layer, as SimCSE's authors corrected it), or a mean that counts padding.
 */
export type Pooling = "cls" | "mean" | "max" | "first-last" | MeanWithPadding;

/**
 * The mean over all positions of a fixed length: a text is cut to it or filled up with padding, which goes through the encoder as
 * tokens that no other sees, and is counted. Source: Mirror-BERT's released code for BERT and sentences (methods §3.1).
 */
export interface MeanWithPadding {
  readonly kind: "mean-with-padding";
  /** In tokens, special ones included; at least 3. */
  readonly paddedLength: number;
}

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
  /** A layer on the pooled states, as sentence-transformers' Dense module; its weights are `dense.{weight,bias}`. Absent: none. */
  readonly dense?: DenseLayer;
  /** Embeddings are scaled to unit length, as sentence-transformers' Normalize module does; no cosine changes by it. */
  readonly normalize: boolean;
  /** Longest input in tokens, special ones included; a pooling's `paddedLength` may cut shorter. */
  readonly maxTokens: number;
}

/** y = x Wᵀ + b on an embedding. */
export interface DenseLayer {
  /** Numbers of an embedding that leaves it. */
  readonly dimension: number;
}

/** Numbers of an embedding. */
export const embeddingDimension = ({ config, dense }: BiEncoder): number => dense?.dimension ?? config.hiddenSize;

/** Pair → logit. The head's weights are `pooler.dense.{weight,bias}` and `classifier.{weight,bias}`. */
export interface CrossEncoder extends ModelBase {
  readonly kind: "cross-encoder";
  readonly maxTokens: number;
}

export type EncoderModel = Backbone | BiEncoder | CrossEncoder;
