/** Pairs → how alike they are: the cosine of a bi-encoder, or the probability of a cross-encoder. */
import type { EngineShape } from "../engine/Engine.ts";
import { assemblePair } from "../nn/assembleInput.ts";
import { type BiEncoder, type CrossEncoder, embeddingDimension } from "../nn/EncoderModel.ts";
import { pairLogits } from "../nn/modules/heads.ts";
import { encoderSpecs, headSpecs } from "../nn/parameters.ts";
import { type Ragged, raggedFrom, raggedRow, raggedRows } from "../nn/Ragged.ts";
import { type InferenceOptions, runInBatches } from "./batchRunner.ts";
import { encodeTokens } from "./encode.ts";

/** Ids of both sides, without special tokens. */
export interface IdPairs {
  readonly a: Ragged;
  readonly b: Ragged;
}

/**
 * The score of each pair in the order given: cosine, -1 to 1, from a bi-encoder; probability, 0 to 1, from a cross-encoder.
 * @throws InferenceInterrupted when `options.isInterrupted` says so between two batches
 */
export const scorePairs = (
  model: BiEncoder | CrossEncoder,
  pairs: IdPairs,
  engine: EngineShape,
  options: InferenceOptions = {},
): Promise<Float32Array> =>
  model.kind === "bi-encoder"
    ? pairCosines(model, pairs, engine, options)
    : pairProbabilities(model, pairs, engine, options);

/** Each distinct sentence is encoded once; a side without length has cosine 0 with everything. */
export async function pairCosines(
  model: BiEncoder,
  pairs: IdPairs,
  engine: EngineShape,
  options: InferenceOptions = {},
): Promise<Float32Array> {
  const { sentences, a, b } = distinctSentences(pairs);
  const embeddings = await encodeTokens(model, sentences, engine, options);
  const dim = embeddingDimension(model);
  return Float32Array.from(a, (left, pair) => cosine(embeddings, left * dim, b[pair]! * dim, dim));
}

/** σ of the logit of (a, b), in the order given only. */
export async function pairProbabilities(
  model: CrossEncoder,
  pairs: IdPairs,
  engine: EngineShape,
  options: InferenceOptions = {},
): Promise<Float32Array> {
  const { config, special, maxTokens } = model;
  const sequences = Array.from({ length: raggedRows(pairs.a) }, (_, row) =>
    assemblePair(raggedRow(pairs.a, row), raggedRow(pairs.b, row), special, maxTokens, config.pairForm),
  );
  const head = {
    key: "pair logit",
    parameters: [...encoderSpecs(config), ...headSpecs(config, "cross-encoder")],
    width: 1,
    maxLength: config.maxPositions,
    build: pairLogits,
  };
  const logits = await runInBatches(model, head, sequences, engine, options);
  return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
}

interface DistinctSentences {
  readonly sentences: Ragged;
  /** Row of `sentences` of each side of each pair. */
  readonly a: Int32Array;
  readonly b: Int32Array;
}

function distinctSentences({ a, b }: IdPairs): DistinctSentences {
  const places = new Map<string, number>();
  const sentences: Array<Int32Array> = [];
  const placeOf = (ids: Int32Array): number => {
    const key = ids.join();
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, sentences.length);
    return sentences.push(ids) - 1;
  };
  const side = (rows: Ragged) =>
    Int32Array.from({ length: raggedRows(rows) }, (_, row) => placeOf(raggedRow(rows, row)));
  return { a: side(a), b: side(b), sentences: raggedFrom(sentences) };
}

function cosine(rows: Float32Array, left: number, right: number, dim: number): number {
  let [dot, leftSquared, rightSquared] = [0, 0, 0];
  for (let i = 0; i < dim; i++) {
    const [x, y] = [rows[left + i]!, rows[right + i]!];
    dot += x * y;
    leftSquared += x * x;
    rightSquared += y * y;
  }
  const length = Math.sqrt(leftSquared * rightSquared);
  return length === 0 ? 0 : Math.min(1, Math.max(-1, dot / length));
}
