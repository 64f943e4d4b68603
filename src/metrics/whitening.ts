/**
 * BERT-whitening: the linear map after which embeddings have mean 0 and covariance I, so that no direction rules the cosine; fewer
 * dimensions keep those that vary most.
 *
 * With mean μ and covariance Σ = U Λ Uᵀ (eigenvalues falling) a row x becomes (x − μ) U Λ^(−1/2), of which the first k columns are
 * kept. The covariance divides by rows − 1, as numpy's; the authors' code does the same.
 *
 * Source: Su, Cao, Liu, Ou, "Whitening Sentence Representations for Better Semantics and Faster Retrieval", arXiv 2103.15316.
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** An affine map as a dense layer has it: y = x Wᵀ + b. */
export interface Whitening {
  /** [kept, dimension], row-major */
  readonly weight: Float32Array;
  /** [kept] */
  readonly bias: Float32Array;
}

/** Fewer directions vary than are to be kept. */
export class FlatEmbeddings extends Error {
  override readonly name = "FlatEmbeddings";
  readonly directions: number;

  constructor(directions: number, kept: number) {
    super(`Embeddings vary in ${directions} directions, fewer than the ${kept} to keep`);
    this.directions = directions;
  }
}

/** Variance, as a share of the largest, below which a direction counts as flat: what float32 leaves of equal numbers. */
const flat = 1e-10;

/**
 * @param embeddings [rows, dimension], row-major @param kept dimensions of the result, 1 to `dimension`
 * @throws FlatEmbeddings
 */
export function whitening(embeddings: Float32Array, dimension: number, kept: number): Whitening {
  const mean = columnMeans(embeddings, dimension);
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(
    new Matrix(covariance(embeddings, mean)),
    { assumeSymmetric: true },
  );
  const order = values.map((_, i) => i).sort((i, j) => values[j]! - values[i]!);
  const directions = values.filter((value) => value > flat * values[order[0]!]!).length;
  if (directions < kept) throw new FlatEmbeddings(directions, kept);
  const weight = new Float32Array(kept * dimension);
  const bias = new Float32Array(kept);
  order.slice(0, kept).forEach((column, row) => {
    const vector = pointedUp(vectors.getColumn(column));
    const scaled = vector.map((value) => value / Math.sqrt(values[column]!));
    weight.set(scaled, row * dimension);
    bias[row] = -scaled.reduce((sum, value, i) => sum + value * mean[i]!, 0);
  });
  return { weight, bias };
}

/** An eigenvector is one in either direction: the one whose largest number is positive. */
function pointedUp(vector: ReadonlyArray<number>): ReadonlyArray<number> {
  const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}

function columnMeans(embeddings: Float32Array, dimension: number): Float64Array {
  const sums = new Float64Array(dimension);
  embeddings.forEach((value, i) => (sums[i % dimension]! += value));
  return sums.map((sum) => sum / (embeddings.length / dimension));
}

/** @returns dimension lists of dimension numbers */
function covariance(embeddings: Float32Array, mean: Float64Array): Array<Array<number>> {
  const dimension = mean.length;
  const rows = embeddings.length / dimension;
  const sums = Array.from({ length: dimension }, () => new Float64Array(dimension));
  const centred = new Float64Array(dimension);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dimension; i++) centred[i] = embeddings[row * dimension + i]! - mean[i]!;
    for (let i = 0; i < dimension; i++) {
      const [into, factor] = [sums[i]!, centred[i]!];
      for (let j = 0; j <= i; j++) into[j]! += factor * centred[j]!;
    }
  }
  return sums.map((_, i) => Array.from(sums, (_, j) => sums[Math.max(i, j)]![Math.min(i, j)]! / (rows - 1)));
}
