/** From a loss to a program of the loss and its gradients, by tfjs's automatic differentiation. */
import type * as tf from "@tensorflow/tfjs-core";
import { differentiate } from "../nn/gradients/differentiate.ts";
import type { Program, Tensors, TensorSpec } from "./Engine.ts";

export interface LossProgram {
  readonly key: string;
  readonly inputs: ReadonlyArray<TensorSpec>;
  readonly constants?: Program["constants"];
  /** Inputs to differentiate by; the loss must depend on each. */
  readonly wrt: ReadonlyArray<string>;
  /** A scalar named `loss`, and whatever else is to be looked at. */
  readonly build: (tensors: Tensors) => { readonly loss: tf.Tensor; readonly [name: string]: tf.Tensor };
}

export const gradientName = (input: string): string => `gradient:${input}`;

/** A program whose outputs are those of `build` and `gradient:<name>` for each input in `wrt`, in its shape. */
export const withGradients = ({ build, wrt, ...program }: LossProgram): Program => ({
  ...program,
  key: `${program.key}+gradients(${wrt.join()})`,
  build: (tensors) => {
    const xs = wrt.map((name) => tensors[name]!);
    const { outputs, gradients } = differentiate(() => build(tensors), xs);
    const named: { [name: string]: tf.Tensor } = {};
    wrt.forEach((name, i) => {
      const gradient = gradients[i];
      if (gradient === undefined)
        throw new Error(`The loss of ${program.key} does not depend on ${name}: leave it out of wrt.`);
      named[gradientName(name)] = gradient;
    });
    return { ...outputs, ...named };
  },
});
