/**
 * Gathers whose gradient is a gather too. Where every row of the source is read at most once by a place that matters, the
 * gradient is the look-up by the inverse map: no scatter, no zero-filled table, no atomics, so fast and deterministic.
 */
import * as tf from "@tensorflow/tfjs-core";
import { kernelNames, runKernel, runKernelMany } from "./kernels.ts";
import type { GatherJoinedAttributes } from "./kernels.ts";

/**
 * Several gathers from one matrix.
 *
 * @param x [rows, dim]
 * @param indices row of x for each place, int32, any shape; part i is `[..indices[i].shape, dim]`
 * @param inverse [rows] for each row of x its place in all parts one after the other. A row that no place reads points at a
 *   place whose gradient is zero, or just behind the last place (`holes`)
 */
export const gatherParts = (
  x: tf.Tensor,
  indices: ReadonlyArray<tf.Tensor>,
  inverse: tf.Tensor,
  holes = false,
): ReadonlyArray<tf.Tensor> => runKernelMany(kernelNames.gatherParts, [x, inverse, ...indices], { holes });

tf.registerGradient({
  kernelName: kernelNames.gatherParts,
  saveAllInputs: true,
  gradFunc: (dys, saved, attributes) => {
    const [, inverse, ...indices] = saved;
    const parts = Array.isArray(dys) ? (dys as Array<tf.Tensor>) : [dys as tf.Tensor];
    const { holes } = attributes as unknown as { holes: boolean };
    return { 0: () => gatherJoined(parts, inverse!, indices, holes) };
  },
});

/**
 * One gather from several tensors, each viewed as `[rows, dim]`, laid one after the other. It is the gradient of `gatherParts`
 * and the other way round, so that either can be differentiated as often as one likes.
 *
 * @param parts each `[.., dim]`
 * @param index row for each place, int32 @param inverses for each part the place of each of its rows, in the part's shape
 *   without `dim`; a row that no place reads points at a place whose gradient is zero
 * @param zeroRow the index may point just behind the last row too, at zeros
 * @returns [..index.shape, dim]
 */
export const gatherJoined = (
  parts: ReadonlyArray<tf.Tensor>,
  index: tf.Tensor,
  inverses: ReadonlyArray<tf.Tensor>,
  zeroRow = false,
): tf.Tensor => {
  const dim = parts[0]!.shape.at(-1)!;
  return runKernel(kernelNames.gatherJoined, [index, ...parts, ...inverses], { parts: parts.length, dim, zeroRow });
};

tf.registerGradient({
  kernelName: kernelNames.gatherJoined,
  saveAllInputs: true,
  gradFunc: (gradient, saved, attributes) => {
    const { dim, parts, zeroRow } = attributes as unknown as GatherJoinedAttributes;
    const [index, ...rest] = saved;
    const places = tf.reshape(index!, [index!.size]);
    const dy = tf.reshape(gradient as tf.Tensor, [index!.size, dim]);
    const gathered = gatherParts(dy, rest.slice(parts), places, zeroRow);
    return Object.fromEntries(gathered.map((part, i) => [String(1 + i), () => part]));
  },
});

/** Rows in another order. @param x [rows, dim] @param index a permutation @param inverse its inverse */
export const permuteRows = (x: tf.Tensor, index: tf.Tensor, inverse: tf.Tensor): tf.Tensor =>
  gatherParts(x, [index], inverse)[0]!;
