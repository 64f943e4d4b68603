/** Embeddings of a sample of pairs' sentences: what uniformity is computed of, which compares all with all. */
import type { EngineShape } from "../engine/Engine.ts";
import type { BiEncoder } from "../nn/EncoderModel.ts";
import { type Ragged, raggedFrom, raggedRow, raggedRows } from "../nn/Ragged.ts";
import type { InferenceOptions } from "./batchRunner.ts";
import { encodeTokens } from "./encode.ts";
import type { IdPairs } from "./score.ts";

/** Both sides of at most this many pairs, evenly spread, are taken. */
const mostPairs = 500;

/** @param second of two towers the one for second sides @returns [2 · pairs taken, dim] */
export async function spreadEmbeddings(
  model: BiEncoder,
  { a, b }: IdPairs,
  engine: EngineShape,
  options: InferenceOptions = {},
  second?: BiEncoder,
): Promise<Float32Array> {
  const embed = (tower: BiEncoder, ...sides: ReadonlyArray<Ragged>) =>
    encodeTokens(tower, spreadSentences(sides), engine, options);
  if (second === undefined) return embed(model, a, b);
  const [first, other] = [await embed(model, a), await embed(second, b)];
  const both = new Float32Array(first.length + other.length);
  both.set(first);
  both.set(other, first.length);
  return both;
}

/** The sides of evenly spread pairs, one after the other of each pair. */
function spreadSentences(sides: ReadonlyArray<Ragged>): Ragged {
  const rows = raggedRows(sides[0]!);
  const taken = Math.min(rows, mostPairs);
  const chosen = Array.from({ length: taken }, (_, i) => Math.floor((i * rows) / taken));
  return raggedFrom(chosen.flatMap((row) => sides.map((side) => raggedRow(side, row))));
}
