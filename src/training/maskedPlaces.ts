/** The hidden words of a batch as inputs of a program that guesses them. */
import { maskedPositionFeeds, maskedPositionInputs } from "../nn/modules/heads.ts";
import type { PackedBatch } from "../nn/PackedBatch.ts";
import type { MaskedRow } from "./maskTokens.ts";
import type { Extra } from "./prepareEncoderStep.ts";

export interface MaskedPlaces extends Extra {
  /** Those of all rows one after the other. */
  readonly chosen: ReadonlyArray<{ readonly example: number; readonly position: number }>;
  /** Places the program has, at least one. */
  readonly count: number;
}

/** The number of places is rounded up in steps that follow from the batch's shape, so that shapes stay few. @param ratio of tokens */
export function maskedPlaces(
  batch: PackedBatch,
  rows: ReadonlyArray<Pick<MaskedRow, "positions">>,
  ratio: number,
): MaskedPlaces {
  const chosen = rows.flatMap(({ positions }, example) => positions.map((position) => ({ example, position })));
  const step = Math.max(16, 2 ** Math.ceil(Math.log2(batch.shape.tokens * ratio)) / 4);
  const count = Math.max(1, Math.ceil(chosen.length / step)) * step;
  return {
    chosen,
    count,
    inputs: maskedPositionInputs(batch.shape, count),
    feeds: maskedPositionFeeds(batch, chosen, count),
  };
}

/** What a program that guesses calls the words that are right, and whether a place counts. */
export const guessedNames = { targets: "mlm.targets", weights: "mlm.weights" } as const;

/** The places with the words to guess at them as inputs of the program; what fills their number up has weight 0. @param wordAt id of the right word */
export function guessedWords(
  batch: PackedBatch,
  rows: ReadonlyArray<Pick<MaskedRow, "positions">>,
  ratio: number,
  wordAt: (example: number, position: number) => number,
): Extra {
  const { chosen, count, ...places } = maskedPlaces(batch, rows, ratio);
  const targets = new Int32Array(count);
  chosen.forEach(({ example, position }, i) => (targets[i] = wordAt(example, position)));
  return {
    inputs: [
      ...places.inputs,
      { name: guessedNames.targets, shape: [count], dtype: "int32" },
      { name: guessedNames.weights, shape: [count], dtype: "float32" },
    ],
    feeds: {
      ...places.feeds,
      [guessedNames.targets]: targets,
      [guessedNames.weights]: new Float32Array(count).fill(1, 0, chosen.length),
    },
  };
}
