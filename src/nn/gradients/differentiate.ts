/**
 * A function's value and its gradients, as tensors that can be differentiated again. Used once by every program with gradients
 * (`engine/withGradients.ts`), and once more inside of the loss by those whose loss has gradients in it.
 *
 * All kernels that gradients are made of have gradients themselves: `second derivatives` in test/engine holds them to that.
 */
import * as tf from "@tensorflow/tfjs-core";
import "./index.ts";

export interface Differentiated<Outputs> {
  readonly outputs: Outputs;
  /** Of `outputs.loss` by each of the `xs`, in their shapes; undefined where it does not depend on one. */
  readonly gradients: ReadonlyArray<tf.Tensor | undefined>;
}

/** @param build a scalar named `loss`, and whatever else is to be looked at */
export function differentiate<Outputs extends { readonly loss: tf.Tensor; readonly [name: string]: tf.Tensor }>(
  build: () => Outputs,
  xs: ReadonlyArray<tf.Tensor>,
): Differentiated<Outputs> {
  let outputs: Outputs | undefined;
  const loss = (): tf.Tensor => {
    outputs = build();
    for (const output of Object.values(outputs)) tf.keep(output); // the forward pass's scope ends before we return
    return outputs.loss;
  };
  const { grads } = tf.engine().gradients(loss, [...xs]);
  // Cast: tfjs's type says nothing of those that the loss does not depend on.
  const gradients = (grads as Array<tf.Tensor | null | undefined>).map((gradient) => gradient ?? undefined);
  return { outputs: released(outputs!), gradients };
}

/** Tensors that belong to the scope around like any other, in the place of kept ones. */
function released<Outputs extends { readonly [name: string]: tf.Tensor }>(kept: Outputs): Outputs {
  const clones = new Map<tf.Tensor, tf.Tensor>();
  for (const tensor of new Set(Object.values(kept))) clones.set(tensor, tf.clone(tensor));
  for (const tensor of clones.keys()) tensor.dispose();
  // Cast: the same names.
  return Object.fromEntries(Object.entries(kept).map(([name, tensor]) => [name, clones.get(tensor)!])) as Outputs;
}
