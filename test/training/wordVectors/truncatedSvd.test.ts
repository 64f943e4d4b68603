import { expect, it } from "vitest";
import { randomKey, uniformAt } from "../../../src/nn/random.ts";
import type { SparseMatrix } from "../../../src/training/wordVectors/contextMatrix.ts";
import {
  orthonormalized,
  symmetricEigen,
  times,
  transposedTimes,
  truncatedSvd,
} from "../../../src/training/wordVectors/truncatedSvd.ts";

const key = randomKey("test");
const sparse = (rows: ReadonlyArray<ReadonlyArray<number>>): SparseMatrix => ({
  size: rows.length,
  from: Int32Array.from([0, ...rows.map((_, i) => (i + 1) * rows.length)]),
  columns: Int32Array.from(rows.flatMap((row) => row.map((_, j) => j))),
  values: Float64Array.from(rows.flat()),
});
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

it("finds the singular values of a diagonal matrix, largest first", () => {
  const { singularValues, left } = truncatedSvd(
    sparse([
      [3, 0, 0],
      [0, -5, 0],
      [0, 0, 1],
    ]),
    2,
    4,
    key,
  );
  expect(singularValues[0]).toBeCloseTo(5, 10);
  expect(singularValues[1]).toBeCloseTo(3, 10);
  expect(Math.abs(left[0]![1]!)).toBeCloseTo(1, 8);
});

it("gives left vectors that the matrix stretches by the singular values", () => {
  const size = 40;
  const matrix = sparse(
    Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => uniformAt(key, i * size + j))),
  );
  const { singularValues, left } = truncatedSvd(matrix, 5, 30, key);
  left.forEach((vector, i) => {
    const stretched = times(matrix, transposedTimes(matrix, vector));
    const error = stretched.map((value, k) => value - singularValues[i]! ** 2 * vector[k]!);
    expect(Math.sqrt(dot(error, error))).toBeLessThan(1e-4 * singularValues[0]! ** 2);
    left.slice(0, i).forEach((other) => expect(dot(vector, other)).toBeCloseTo(0, 9));
  });
});

it("leaves no more directions than a small matrix has, and 0 for dependent ones", () => {
  const { singularValues } = truncatedSvd(
    sparse([
      [1, 1],
      [1, 1],
    ]),
    8,
    4,
    key,
  );
  expect(singularValues.length).toBe(2);
  expect(singularValues[0]).toBeCloseTo(2, 10);
  expect(singularValues[1]).toBeCloseTo(0, 6);
  const [, second] = orthonormalized([Float64Array.of(1, 2), Float64Array.of(2, 4)]);
  expect([...second!]).toEqual([0, 0]);
});

it("takes eigenvalues and eigenvectors of a symmetric matrix", () => {
  const { values, vectors } = symmetricEigen([Float64Array.of(2, 1), Float64Array.of(1, 2)]);
  expect(values[0]).toBeCloseTo(3, 12);
  expect(values[1]).toBeCloseTo(1, 12);
  expect(vectors[0]![0]! / vectors[0]![1]!).toBeCloseTo(1, 12);
  expect(vectors[1]![0]! / vectors[1]![1]!).toBeCloseTo(-1, 12);
});
