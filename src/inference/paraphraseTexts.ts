/**
 * Other words for texts: many are written, what is empty, said twice or the text itself is dropped, and the encoder that wrote them
 * ranks what is left by its own cosine to the text.
 *
 * Source: Su Jianlin, "SimBERT", 2020 (`gen_synonyms`): 100 samples among the 5 likeliest words, the 20 nearest of them.
 */
import type { EngineShape } from "../engine/Engine.ts";
import { type BiEncoder, embeddingDimension } from "../nn/EncoderModel.ts";
import { type Ragged, raggedRow } from "../nn/Ragged.ts";
import type { RandomKey } from "../nn/random.ts";
import type { InferenceOptions } from "./batchRunner.ts";
import { continueTexts, type WritingOptions } from "./continueTexts.ts";
import { encodeTokens } from "./encode.ts";

export interface Paraphrase {
  readonly text: string;
  /** With the text it paraphrases, -1 to 1. */
  readonly cosine: number;
}

export interface ParaphraseOptions extends WritingOptions {
  /** Of each text, at most. */
  readonly keep: number;
}

/** Ids of texts without special tokens, and back. */
export interface TextIds {
  readonly encode: (texts: ReadonlyArray<string>) => Ragged;
  readonly decode: (ids: ReadonlyArray<number>) => string;
}

/**
 * @param model an encoder that writes (`canWrite`) @returns for each text its paraphrases, the nearest first; there may be none
 * @throws InferenceInterrupted when `options.isInterrupted` says so between two batches
 */
export async function paraphraseTexts(
  model: BiEncoder,
  texts: ReadonlyArray<string>,
  { encode, decode }: TextIds,
  engine: EngineShape,
  { keep, ...writing }: ParaphraseOptions,
  key: RandomKey,
  options: InferenceOptions = {},
): Promise<ReadonlyArray<ReadonlyArray<Paraphrase>>> {
  const sources = encode(texts);
  const ids = texts.map((_, row) => raggedRow(sources, row));
  const written = await continueTexts(model, ids, engine, writing, key, options);
  const candidates = written.map((samples, row) => differentTexts(texts[row]!, samples.map(decode)));
  const all = [...texts, ...candidates.flat()];
  const { isInterrupted } = options;
  const embeddings = await encodeTokens(
    model,
    encode(all),
    engine,
    isInterrupted === undefined ? {} : { isInterrupted },
  );
  const dimension = embeddingDimension(model);
  const vector = (row: number) => embeddings.subarray(row * dimension, (row + 1) * dimension);
  let next = texts.length;
  return candidates.map((own, row) => {
    const ranked = own.map((text): Paraphrase => ({ text, cosine: cosine(vector(row), vector(next++)) }));
    return ranked.sort((a, b) => b.cosine - a.cosine).slice(0, keep);
  });
}

/** Each once, in the order they came, without the text itself: differences of case and spacing are none. */
function differentTexts(text: string, samples: ReadonlyArray<string>): ReadonlyArray<string> {
  const seen = new Set(["", plain(text)]);
  return samples.filter((sample) => {
    const isNew = !seen.has(plain(sample));
    seen.add(plain(sample));
    return isNew;
  });
}

const plain = (text: string): string => text.toLowerCase().replace(/\s+/gu, "");

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, aSquares, bSquares] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    aSquares += a[i]! * a[i]!;
    bSquares += b[i]! * b[i]!;
  }
  const length = Math.sqrt(aSquares * bSquares);
  return length === 0 ? 0 : Math.min(1, Math.max(-1, product / length));
}
