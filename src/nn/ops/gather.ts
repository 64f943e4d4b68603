/**
 * Gathers whose gradient is a gather too. Where every row of the source is read at most once by a place that matters, the
 * gradient is the look-up by the inverse map: no scatter, no zero-filled table, no atomics, so fast and deterministic.
 */
import * as tf from "@tensorflow/tfjs-core";
import { kernelNames, numbered, runKernel, runKernelMany } from "./kernels.ts";
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
): ReadonlyArray<tf.Tensor> =>
  runKernelMany(kernelNames.gatherParts, { x, inverse, ...numbered("index", indices) }, { holes });

tf.registerGradient({
  kernelName: kernelNames.gatherParts,
  inputsToSave: ["x", "inverse"],
  gradFunc: (dys, saved, attributes) => ({
    x: () => {
      const [x, inverse] = saved as [tf.Tensor, tf.Tensor];
      const parts = Array.isArray(dys) ? (dys as Array<tf.Tensor>) : [dys as tf.Tensor];
      const { holes } = attributes as unknown as { holes: boolean };
      return runKernel(kernelNames.gatherJoined, [inverse, ...parts], {
        parts: parts.length,
        dim: x.shape[1],
        zeroRow: holes,
      });
    },
  }),
});

/**
 * One gather from several tensors, each viewed as `[rows, dim]`, laid one after the other.
 *
 * @param parts each `[.., dim]`
 * @param index row for each place, int32 @param inverses for each part the place of each of its rows, in the part's shape
 *   without `dim`; a row that no place reads points at a place whose gradient is zero
 * @returns [..index.shape, dim]
 */
export const gatherJoined = (
  parts: ReadonlyArray<tf.Tensor>,
  index: tf.Tensor,
  inverses: ReadonlyArray<tf.Tensor>,
): tf.Tensor => {
  const dim = parts[0]!.shape.at(-1)!;
  return runKernel(kernelNames.gatherJoined, [index, ...parts, ...inverses], {
    parts: parts.length,
    dim,
    zeroRow: false,
  });
};

tf.registerGradient({
  kernelName: kernelNames.gatherJoined,
  saveAllInputs: true,
  gradFunc: (gradient, saved, attributes) => {
    const { dim, parts } = attributes as unknown as GatherJoinedAttributes;
    const inverses = saved.slice(1 + parts);
    const dy = tf.reshape(gradient as tf.Tensor, [-1, dim]);
    const one = (i: number) => (): tf.Tensor =>
      runKernelMany(kernelNames.gatherParts, { x: dy, index0: inverses[i]! }, { holes: false })[0]!;
    return Object.fromEntries(inverses.map((_, i) => [String(1 + i), one(i)]));
  },
});

/** Rows in another order. @param x [rows, dim] @param index a permutation @param inverse its inverse */
export const permuteRows = (x: tf.Tensor, index: tf.Tensor, inverse: tf.Tensor): tf.Tensor =>
  gatherParts(x, [index], inverse)[0]!;
