/**
 * Batch normalisation of rows: each column is brought to mean 0 and variance 1 over the rows of the batch.
 *
 * Source: Ioffe, Szegedy, ICML 2015; numbers as PyTorch's BatchNorm1d has them: the biased variance normalises, the unbiased one
 * goes into the running value.
 */
import * as tf from "@tensorflow/tfjs-core";

export const batchNormEpsilon = 1e-5;
export const batchNormMomentum = 0.1;

/** γ and β; without them the columns stay at mean 0 and variance 1. */
export interface Affine {
  /** [dim] */
  readonly scale: tf.Tensor;
  /** [dim] */
  readonly shift: tf.Tensor;
}

export interface BatchNormed {
  /** [rows, dim] */
  readonly normed: tf.Tensor2D;
  /** [dim], mean over the rows: what `runningStatistics` takes. */
  readonly mean: tf.Tensor1D;
  /** [dim], unbiased variance over the rows. */
  readonly variance: tf.Tensor1D;
}

/**
 * In training: by the statistics of the batch. @param x [rows, dim]
 * @throws RangeError for a single row, which has no variance
 */
export function batchNorm(x: tf.Tensor2D, affine?: Affine, epsilon = batchNormEpsilon): BatchNormed {
  const rows = x.shape[0];
  if (rows < 2) throw new RangeError(`Batch normalisation needs at least 2 rows, not ${rows}: one has no variance.`);
  const mean = tf.mean(x, 0) as tf.Tensor1D; // [dim]
  const centred = tf.sub(x, mean); // [rows, dim]
  const biased = tf.mean(tf.square(centred), 0); // [dim]
  const normed = scaled(tf.mul(centred, tf.rsqrt(tf.add(biased, epsilon))) as tf.Tensor2D, affine);
  return { normed, mean, variance: tf.mul(biased, rows / (rows - 1)) };
}

/** In use: by running statistics. @param x [rows, dim] @param mean [dim] @param variance [dim] */
export function batchNormInUse(
  x: tf.Tensor2D,
  { mean, variance }: { readonly mean: tf.Tensor; readonly variance: tf.Tensor },
  affine?: Affine,
  epsilon = batchNormEpsilon,
): tf.Tensor2D {
  return scaled(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon))) as tf.Tensor2D, affine);
}

const scaled = (normed: tf.Tensor2D, affine: Affine | undefined): tf.Tensor2D =>
  affine === undefined ? normed : (tf.add(tf.mul(normed, affine.scale), affine.shift) as tf.Tensor2D);

/** Statistics that follow those of the batches; a fresh column has mean 0 and variance 1. */
export interface RunningStatistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

export const freshStatistics = (dim: number): RunningStatistics => ({
  mean: new Float32Array(dim),
  variance: new Float32Array(dim).fill(1),
});

/** The statistics after a batch: (1 - momentum) · running + momentum · batch. */
export function runningStatistics(
  running: RunningStatistics,
  batch: RunningStatistics,
  momentum = batchNormMomentum,
): RunningStatistics {
  const moved = (from: Float32Array, to: Float32Array) =>
    from.map((value, column) => (1 - momentum) * value + momentum * to[column]!);
  return { mean: moved(running.mean, batch.mean), variance: moved(running.variance, batch.variance) };
}
