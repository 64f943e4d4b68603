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
 * @param second of two towers the one for second sides: embeddings of equal width
 * @throws InferenceInterrupted when `options.isInterrupted` says so between two batches
 */
export const scorePairs = (
  model: BiEncoder | CrossEncoder,
  pairs: IdPairs,
  engine: EngineShape,
  options: InferenceOptions = {},
  second?: BiEncoder,
): Promise<Float32Array> =>
  model.kind === "bi-encoder"
    ? pairCosines(model, pairs, engine, options, second)
    : pairProbabilities(model, pairs, engine, options);

/** Each distinct sentence is encoded once by each tower; a side without length has cosine 0 with everything. */
export async function pairCosines(
  model: BiEncoder,
  pairs: IdPairs,
  engine: EngineShape,
  options: InferenceOptions = {},
  second: BiEncoder = model,
): Promise<Float32Array> {
  const dim = embeddingDimension(model);
  if (second !== model) {
    const [left, right] = [distinctSentences([pairs.a]), distinctSentences([pairs.b])];
    const lefts = await encodeTokens(model, left.sentences, engine, options);
    const rights = await encodeTokens(second, right.sentences, engine, options);
    const [a, b] = [left.places[0]!, right.places[0]!];
    return Float32Array.from(a, (place, pair) => cosine(lefts, place * dim, rights, b[pair]! * dim, dim));
  }
  const { sentences, places } = distinctSentences([pairs.a, pairs.b]);
  const embeddings = await encodeTokens(model, sentences, engine, options);
  const [a, b] = [places[0]!, places[1]!];
  return Float32Array.from(a, (place, pair) => cosine(embeddings, place * dim, embeddings, b[pair]! * dim, dim));
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
  /** Of each side, the row of `sentences` of each of its texts. */
  readonly places: ReadonlyArray<Int32Array>;
}

function distinctSentences(sides: ReadonlyArray<Ragged>): DistinctSentences {
  const known = new Map<string, number>();
  const sentences: Array<Int32Array> = [];
  const placeOf = (ids: Int32Array): number => {
    const key = ids.join();
    const place = known.get(key);
    if (place !== undefined) return place;
    known.set(key, sentences.length);
    return sentences.push(ids) - 1;
  };
  const places = sides.map((side) =>
    Int32Array.from({ length: raggedRows(side) }, (_, row) => placeOf(raggedRow(side, row))),
  );
  return { places, sentences: raggedFrom(sentences) };
}

/** Of `dim` numbers of one matrix from `left` on with as many of another from `right` on. */
function cosine(lefts: Float32Array, left: number, rights: Float32Array, right: number, dim: number): number {
  let [dot, leftSquared, rightSquared] = [0, 0, 0];
  for (let i = 0; i < dim; i++) {
    const [x, y] = [lefts[left + i]!, rights[right + i]!];
    dot += x * y;
    leftSquared += x * x;
    rightSquared += y * y;
  }
  const length = Math.sqrt(leftSquared * rightSquared);
  return length === 0 ? 0 : Math.min(1, Math.max(-1, dot / length));
}
