import { expect, it } from "vitest";
import { raggedFrom } from "../../../src/nn/Ragged.ts";
import { countContexts, positivePmi, type SparseMatrix } from "../../../src/training/wordVectors/contextMatrix.ts";

const dense = ({ size, from, columns, values }: SparseMatrix) =>
  Array.from({ length: size }, (_, row) => {
    const entries = Array.from({ length: size }, () => 0);
    for (let e = from[row]!; e < from[row + 1]!; e++) entries[columns[e]!] = values[e]!;
    return entries;
  });

const sentences = raggedFrom([[0, 1, 2, 1], [], [3, 0]]);

it("counts the words within the window on either side", () => {
  expect(dense(countContexts(sentences, 4, 1))).toEqual([
    [0, 1, 0, 1],
    [1, 0, 2, 0],
    [0, 2, 0, 0],
    [1, 0, 0, 0],
  ]);
  expect(dense(countContexts(sentences, 4, 2))[1]).toEqual([1, 2, 2, 0]);
});

it("takes positive pointwise mutual information, by hand without smoothing", () => {
  // 8 pairs in all; word 0 occurs in 2, word 1 in 3, word 2 in 2, word 3 in 1.
  const pmi = dense(positivePmi(countContexts(sentences, 4, 1), 1));
  expect(pmi[0]![1]).toBeCloseTo(Math.log((1 * 8) / (2 * 3)), 12);
  expect(pmi[0]![3]).toBeCloseTo(Math.log((1 * 8) / (2 * 1)), 12);
  expect(pmi[1]![2]).toBeCloseTo(Math.log((2 * 8) / (3 * 2)), 12);
  expect(pmi[0]![0]).toBe(0);
});

it("gives rare contexts less weight when smoothed", () => {
  const counts = countContexts(sentences, 4, 1);
  expect(dense(positivePmi(counts, 0.75))[0]![3]!).toBeLessThan(dense(positivePmi(counts, 1))[0]![3]!);
});
