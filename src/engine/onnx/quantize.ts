/**
 * Weights as 8-bit numbers, each column of a product and each row of a table with its own scale: what is far from its
 * neighbours in size does not cost them precision.
 */
import type { Float32Tensor } from "../../nn/Weights.ts";

/** Numbers reach from -127 to 127 times the scale, so that 0 is exact. */
const most = 127;

/** A row's numbers as whole ones of -127 to 127, times its scale. */
function quantizeRow(row: Float32Array, into: Int8Array): number {
  const scale = row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / most || 1;
  for (let i = 0; i < row.length; i++) into[i] = Math.round(row[i]! / scale);
  return scale;
}

/** @param table [rows, dim] @returns values of the same shape, and a scale for each row */
export function quantizedRows({ shape, values }: Float32Tensor): {
  readonly values: Int8Array;
  readonly scales: Float32Array;
} {
  const [rows, dim] = shape as [number, number];
  const quantized = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * dim, (row + 1) * dim];
    scales[row] = quantizeRow(values.subarray(from, to), quantized.subarray(from, to));
  }
  return { values: quantized, scales };
}

/** The right side of a product from weights [out, in]: [in, out], a scale for each column. */
export function quantizedColumns(weight: Float32Tensor): {
  readonly values: Int8Array;
  readonly scales: Float32Array;
} {
  const [out, into] = weight.shape as [number, number];
  const { values: rows, scales } = quantizedRows(weight);
  const values = new Int8Array(rows.length);
  for (let row = 0; row < out; row++)
    for (let column = 0; column < into; column++) values[column * out + row] = rows[row * into + column]!;
  return { values, scales };
}

/**
 * The same shifted to 0…255 around `zeroPoint`, for models that run on any machine: kernels for unsigned × signed numbers
 * overflow on CPUs without VNNI, those for unsigned × unsigned nowhere.
 */
export function quantizedMatrix(weight: Float32Tensor): {
  readonly values: Uint8Array;
  readonly scales: Float32Array;
  readonly zeroPoint: number;
} {
  const { values, scales } = quantizedColumns(weight);
  const zeroPoint = most + 1;
  return { values: Uint8Array.from(values, (value) => value + zeroPoint), scales, zeroPoint };
}
