/** The layer that sentence-transformers puts on pooled states, read from its folder: `Dense`, without an activation. */
import { denseName } from "../nn/parameters.ts";
import type { Float32Tensor, Weights } from "../nn/Weights.ts";
import { toFloat32, type StoredTensor } from "./StoredTensor.ts";

/** Where sentence-transformers puts it: behind Transformer and Pooling. */
export const denseFolder = "2_Dense";
export const denseFiles = [`${denseFolder}/config.json`, `${denseFolder}/model.safetensors`] as const;

export interface ReadDense {
  readonly dimension: number;
  /** `dense.weight` [dimension, hiddenSize] and `dense.bias` [dimension] */
  readonly weights: Weights;
}

interface DenseFolder {
  readonly config: { readonly [key: string]: unknown } | undefined;
  readonly tensors: ReadonlyMap<string, StoredTensor> | undefined;
  readonly hiddenSize: number;
}

/** @param problems gets what is missing or not supported; then there is no layer */
export function readDense(
  { config, tensors, hiddenSize }: DenseFolder,
  problems: Array<string>,
): ReadDense | undefined {
  const weight = tensors?.get("linear.weight");
  if (config === undefined || weight === undefined) {
    problems.push(`${denseFiles.join(" or ")} is missing: modules.json has a module of type Dense`);
    return undefined;
  }
  const activation = String(config["activation_function"] ?? "")
    .split(".")
    .at(-1)!;
  if (activation !== "Identity")
    problems.push(`${denseFolder}/config.json: a Dense with activation ${activation || "Tanh"} is not supported`);
  const [dimension, into] = weight.shape;
  if (weight.shape.length !== 2 || into !== hiddenSize)
    problems.push(`${denseFiles[1]}: linear.weight is [${weight.shape.join()}], wanted is [any, ${hiddenSize}]`);
  if (problems.length > 0) return undefined;
  const bias = tensors!.get("linear.bias");
  const [matrix, offsets] = [toFloat32(weight), bias === undefined ? zeros(dimension!) : toFloat32(bias)];
  if (matrix === undefined || offsets === undefined) {
    problems.push(`${denseFiles[1]}: numbers of type ${weight.dtype} are not supported`);
    return undefined;
  }
  const weights = new Map([
    [`${denseName}.weight`, matrix],
    [`${denseName}.bias`, offsets],
  ]);
  return { dimension: dimension!, weights };
}

const zeros = (length: number): Float32Tensor => ({ shape: [length], values: new Float32Array(length) });
