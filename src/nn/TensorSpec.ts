/** Names, shapes and types of the tensors that models take: plain facts, shared by models and by the engines that run them. */
import type { Tensor } from "@tensorflow/tfjs-core";

export type DType = "float32" | "int32" | "bool";
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Input name → values in the input's layout. */
export type Feeds = { readonly [name: string]: TypedArray };
export type Tensors = { readonly [name: string]: Tensor };

export interface TensorSpec {
  readonly name: string;
  readonly shape: ReadonlyArray<number>;
  readonly dtype: DType;
}

export const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, length) => product * length, 1);

/** The tensor of that name; a missing one is a mistake of the caller and says so. */
export function tensorNamed(tensors: Tensors, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`No tensor named ${name} among ${Object.keys(tensors).join(", ")}.`);
  return tensor;
}
