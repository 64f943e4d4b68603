/**
 * Where a product of onnxruntime depends on the number of threads, so that it can be written another way. A product is shared
 * out by rows, or by columns where there are more of them; each value is one sum over the depth all the same, but for two things:
 *
 * - A depth over 128 is summed in blocks, and where a thread has 64 columns or fewer the blocks are longer. So a product cut
 *   along its columns is made transposed where a share may be that small: then rows are cut, which changes no block.
 * - For one column there is a kernel that sums four rows at a time and those left over in another order; which are left over
 *   depends on the cuts. It is taken where the scale is 1 only, and halving one operand while doubling the scale is exact.
 *
 * Constant matrices are packed when the session is made, with blocks of their own. Source: onnxruntime 1.30,
 * core/mlas/lib/sgemm.cpp; test/engine/onnx/threads.test.ts measures it.
 */

/** Results do not depend on the number of threads up to this one; an engine takes no more. */
export const mostThreads = 8;

export interface ProductShape {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Products side by side: from `mostThreads` on none is cut. */
  readonly batches: number;
  /** Computed as it stands: no scale, and rows in place. */
  readonly isPlain: boolean;
}

const shortestBlock = 128;
const fewColumns = 64;
/** Columns are handed out in steps of this. */
const columnStep = 16;

/** The depth would be summed in other blocks on other numbers of threads. */
export function isCutByColumns({ rows, columns, depth, batches, isPlain }: ProductShape): boolean {
  if (batches >= mostThreads || columns <= rows || columns <= columnStep || depth <= shortestBlock) return false;
  if (rows === 1 && isPlain) return false; // a kernel of its own, which sums the depth in one go
  return Math.floor(Math.ceil(columns / columnStep) / mostThreads) * columnStep <= fewColumns;
}

/** Rows would be summed in another order on other numbers of threads. */
export const isCutByRows = ({ columns, batches }: ProductShape, scale: number): boolean =>
  columns === 1 && scale === 1 && batches < mostThreads;
