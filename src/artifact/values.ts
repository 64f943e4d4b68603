/**
 * The values that flow on links, as stages see them. Their Arrow form is the business of `codecs.ts`; their names on ports
 * are in `index.ts`. A digest here is the content digest of another artifact: rows are aligned with that artifact's rows.
 */
import type { Json } from "../core/canonicalJson.ts";
import type { Ragged } from "../nn/Ragged.ts";
import type { SpecialTokens } from "../nn/EncoderModel.ts";

export interface Sentences {
  readonly texts: ReadonlyArray<string>;
}

/** Pair i is (`a[i]`, `b[i]`). */
export interface Pairs {
  readonly a: ReadonlyArray<string>;
  readonly b: ReadonlyArray<string>;
}

/** Sentences that mean the same, group by group. */
export interface Groups {
  /** Texts of a group stand together. */
  readonly texts: ReadonlyArray<string>;
  /** One per text: the number of its group, from 0 in the order they come in; a group has at least two texts. */
  readonly groups: Int32Array;
}

/** What people said of pairs. Only evaluators and supervised stages accept it. */
export interface Gold {
  /** Digest of the Pairs, row by row. */
  readonly pairs: string;
  /** One per row, on the scale of its set (0 to 5, 0 or 1); empty where the pair files have no score column. */
  readonly scores: Float64Array;
  /** One per row: the test set it belongs to. Rows of a set stand together. */
  readonly sets: ReadonlyArray<string>;
  /** One per row: the part of its set that it comes from (headlines, images); absent where the files were not asked for it. */
  readonly subsets?: ReadonlyArray<string>;
  /** What the scores 0, 1, 2 … stand for, where they are classes with names. */
  readonly classes?: ReadonlyArray<string>;
}

/** Sentences as ids of one tokenizer, without special tokens: encoders add those and truncate. */
export interface Tokens {
  /** Digest of the Tokenizer. */
  readonly tokenizer: string;
  readonly special: SpecialTokens;
  readonly ids: Ragged;
}

export interface TokenPairs {
  /** Digest of the Tokenizer. */
  readonly tokenizer: string;
  /** Digest of the Pairs these are the ids of. */
  readonly pairs: string;
  readonly special: SpecialTokens;
  readonly a: Ragged;
  readonly b: Ragged;
}

/** `cosine`: -1 to 1, from a bi-encoder; `probability`: 0 to 1, from a cross-encoder. */
export type ScoreRange = "cosine" | "probability";

export interface Scores {
  /** Digest of the Pairs, row by row. */
  readonly pairs: string;
  readonly range: ScoreRange;
  readonly values: Float32Array;
}

export type TokenizerJson = { readonly [key: string]: Json };

export interface Tokenizer {
  /** A `tokenizer.json` of Hugging Face without truncation, padding and post-processor: what decides ids, and nothing else. */
  readonly json: TokenizerJson;
  readonly special: SpecialTokens;
}

export interface Embeddings {
  readonly dimension: number;
  /** `[rows, dimension]`, row-major. */
  readonly values: Float32Array;
}

export interface Metrics {
  readonly rows: ReadonlyArray<{ readonly name: string; readonly value: number }>;
}

/** Several methods side by side: a row for each. */
export interface Comparison {
  readonly methods: ReadonlyArray<string>;
  /** One number for each method, in the order they are shown; NaN where a method has none. */
  readonly columns: ReadonlyArray<{ readonly name: string; readonly values: Float64Array }>;
}

/** A picture. */
export interface Figure {
  /** A whole SVG document. */
  readonly svg: string;
}

/** Whether a loop goes on after a cycle, and from which numbers that follows. */
export interface Decision {
  /** From 1. */
  readonly cycle: number;
  readonly value: number;
  /** The best so far, and the first cycle that reached it. */
  readonly best: number;
  readonly bestCycle: number;
  readonly stops: boolean;
}

export interface TrainingCurve {
  /** Updates done when each row was taken, from 1. */
  readonly step: Int32Array;
  /** `loss`, `learningRate`, …: one number per row. */
  readonly series: { readonly [name: string]: Float32Array };
}
