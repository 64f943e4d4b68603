/** How the embeddings of one batch lie: cheap, and enough to see a collapse. Source: Wang, Isola, ICML 2020. */
import type { Numbers } from "./Method.ts";

/**
 * Alignment (mean squared distance of the two views of a sentence) and uniformity (log of the mean of exp(-2 · squared
 * distance) over pairs of sentences), on embeddings with dropout, and the projection where there is one.
 * @param views [2 rows, dim]
 */
export function spreadOfViews(views: Float32Array, rows: number): Numbers {
  const dim = views.length / (2 * rows);
  const unit = unitLength(views, dim);
  let aligned = 0;
  for (let i = 0; i < rows; i++) aligned += squaredDistance(unit, dim, i, rows + i);
  return { alignment: aligned / rows, uniformity: uniformityOfRows(unit, dim, rows) };
}

/** Rows that are looked at: 496 pairs of them. */
const sampledRows = 32;

/** Uniformity of up to 32 embeddings taken evenly from those given; undefined where there is no pair. @param embeddings [rows, dim] */
export function sampledUniformity(embeddings: Float32Array, rows: number): number | undefined {
  if (rows < 2) return undefined;
  const dim = embeddings.length / rows;
  const count = Math.min(rows, sampledRows);
  const sample = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const row = Math.floor((i * rows) / count);
    sample.set(embeddings.subarray(row * dim, (row + 1) * dim), i * dim);
  }
  return uniformityOfRows(unitLength(sample, dim), dim, count);
}

/** Over the pairs of the first `rows` rows. */
function uniformityOfRows(unit: Float64Array, dim: number, rows: number): number {
  let spread = 0;
  for (let i = 0; i < rows; i++) for (let j = 0; j < i; j++) spread += Math.exp(-2 * squaredDistance(unit, dim, i, j));
  return Math.log(spread / ((rows * (rows - 1)) / 2));
}

function squaredDistance(unit: Float64Array, dim: number, i: number, j: number): number {
  let dot = 0;
  for (let k = 0; k < dim; k++) dot += unit[i * dim + k]! * unit[j * dim + k]!;
  return Math.max(0, 2 - 2 * dot);
}

function unitLength(rows: Float32Array, dim: number): Float64Array {
  const unit = new Float64Array(rows.length);
  for (let from = 0; from < rows.length; from += dim) {
    let squared = 0;
    for (let k = from; k < from + dim; k++) squared += rows[k]! ** 2;
    const scale = 1 / Math.max(Math.sqrt(squared), 1e-12);
    for (let k = from; k < from + dim; k++) unit[k] = rows[k]! * scale;
  }
  return unit;
}
