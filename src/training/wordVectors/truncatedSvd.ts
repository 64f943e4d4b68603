/**
 * The largest singular values of a sparse square matrix with their left vectors, by randomized subspace iteration.
 *
 * Source: Halko, Martinsson, Tropp, "Finding Structure with Randomness", SIAM Review 2011, algorithms 4.4 and 5.1. Matrices of few
 * columns are lists of columns. Plain float64 in a fixed order, so that every run gives the same numbers.
 */
import { normalAt, type RandomKey } from "../../nn/random.ts";
import type { SparseMatrix } from "./contextMatrix.ts";

type Columns = ReadonlyArray<Float64Array>;

export interface TruncatedSvd {
  /** Falling. */
  readonly singularValues: Float64Array;
  /** One column of length `size` for each singular value. */
  readonly left: Columns;
}

/** Extra directions that make the wanted ones accurate. */
const oversampling = 10;

/**
 * @param rank how many singular values; fewer come back where the matrix is smaller
 * @param passes subspace iterations, each two products with the matrix; 4 is plenty for word vectors
 * @param onPass called after each of them
 */
export function truncatedSvd(
  matrix: SparseMatrix,
  rank: number,
  passes: number,
  key: RandomKey,
  onPass: (done: number) => void = () => {},
): TruncatedSvd {
  const width = Math.min(matrix.size, rank + oversampling);
  const start = Array.from({ length: width }, (_, column) =>
    Float64Array.from({ length: matrix.size }, (_, row) => normalAt(key, column * matrix.size + row)),
  );
  let basis = orthonormalized(start.map((column) => times(matrix, column)));
  for (let pass = 1; pass <= passes; pass++) {
    const across = orthonormalized(basis.map((column) => transposedTimes(matrix, column)));
    basis = orthonormalized(across.map((column) => times(matrix, column)));
    onPass(pass);
  }
  const projected = basis.map((column) => transposedTimes(matrix, column));
  const { values, vectors } = symmetricEigen(projected.map((a) => Float64Array.from(projected, (b) => dot(a, b))));
  const kept = Math.min(rank, width);
  return {
    singularValues: values.slice(0, kept).map((value) => Math.sqrt(Math.max(0, value))),
    left: vectors.slice(0, kept).map((vector) => combined(basis, vector)),
  };
}

export function times({ size, from, columns, values }: SparseMatrix, x: Float64Array): Float64Array {
  const y = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    let sum = 0;
    for (let e = from[row]!; e < from[row + 1]!; e++) sum += values[e]! * x[columns[e]!]!;
    y[row] = sum;
  }
  return y;
}

export function transposedTimes({ size, from, columns, values }: SparseMatrix, x: Float64Array): Float64Array {
  const y = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    const factor = x[row]!;
    for (let e = from[row]!; e < from[row + 1]!; e++) y[columns[e]!]! += values[e]! * factor;
  }
  return y;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}

function combined(columns: Columns, coefficients: Float64Array): Float64Array {
  const sum = new Float64Array(columns[0]!.length);
  columns.forEach((column, i) => addScaled(sum, column, coefficients[i]!));
  return sum;
}

/** Gram–Schmidt, twice over each column (once loses orthogonality); a column that depends on earlier ones becomes 0. */
export function orthonormalized(columns: Columns): Columns {
  const done: Array<Float64Array> = [];
  for (const column of columns) {
    const rest = column.slice();
    const length = Math.sqrt(dot(rest, rest));
    for (let round = 0; round < 2; round++) for (const other of done) addScaled(rest, other, -dot(rest, other));
    const left = Math.sqrt(dot(rest, rest));
    done.push(left > 1e-10 * length ? rest.map((value) => value / left) : rest.fill(0));
  }
  return done;
}

/** Eigenvalues (falling) and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub, Van Loan, §8.5). */
export function symmetricEigen(matrix: Columns): { readonly values: Float64Array; readonly vectors: Columns } {
  const n = matrix.length;
  const a = matrix.map((row) => row.slice());
  const v = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  const scale = Math.sqrt(a.reduce((sum, row) => sum + dot(row, row), 0));
  for (let sweep = 0; sweep < 30; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p]![q]!) <= 1e-14 * scale) continue;
        rotate(a, v, p, q);
        rotated = true;
      }
    }
    if (!rotated) break;
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return { values: Float64Array.from(order, (i) => a[i]![i]!), vectors: order.map((i) => v[i]!) };
}

/** Turns the plane of p and q so that a[p][q] becomes 0; the rows of `v` are the eigenvectors so far. */
function rotate(a: ReadonlyArray<Float64Array>, v: ReadonlyArray<Float64Array>, p: number, q: number): void {
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(t * t + 1);
  const sine = t * cosine;
  const turn = (x: Float64Array, y: Float64Array): void => {
    for (let k = 0; k < x.length; k++) {
      const [xk, yk] = [x[k]!, y[k]!];
      x[k] = cosine * xk - sine * yk;
      y[k] = sine * xk + cosine * yk;
    }
  };
  turn(a[p]!, a[q]!);
  for (const row of a) {
    const [rp, rq] = [row[p]!, row[q]!];
    row[p] = cosine * rp - sine * rq;
    row[q] = sine * rp + cosine * rq;
  }
  turn(v[p]!, v[q]!);
}
