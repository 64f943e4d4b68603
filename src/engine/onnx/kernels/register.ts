/** How kernels are written: a function from traced inputs and attributes to traced outputs, given the graph's recorder. */
import * as tf from "@tensorflow/tfjs-core";
import type { GraphNode, GraphRecorder } from "../GraphRecorder.ts";
import { traceBackend, traceBackendName, type Traced } from "../TraceBackend.ts";

export interface KernelCall {
  readonly inputs: { readonly [name: string]: Traced };
  /** Of the kernel in question: each kernel knows the type of its own. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tfjs types attributes per kernel, not in the registry
  readonly attributes: { readonly [name: string]: any };
  readonly recorder: GraphRecorder;
}

export type Kernel = (call: KernelCall) => Traced | Array<Traced>;

export function register(kernelName: string, kernel: Kernel): void {
  tf.registerKernel({
    kernelName,
    backendName: traceBackendName,
    kernelFunc: ({ inputs, attrs }) =>
      kernel({
        inputs: inputs as { [name: string]: Traced },
        attributes: (attrs ?? {}) as KernelCall["attributes"],
        recorder: traceBackend.recorder,
      }) as tf.TensorInfo,
  });
}

export const registerAll = (kernels: { readonly [name: string]: Kernel }): void => {
  for (const [name, kernel] of Object.entries(kernels)) register(name, kernel);
};

export const nameOf = (tensor: Traced): string => traceBackend.nameOf(tensor);

/** Records a node of one output and gives the tensor that stands for it. */
export function node(
  operation: string,
  inputs: ReadonlyArray<Traced | string>,
  shape: ReadonlyArray<number>,
  dtype: string,
  attributes: GraphNode["attributes"] = {},
  domain = "",
): Traced {
  const names = inputs.map((input) => (typeof input === "string" ? input : nameOf(input)));
  return traceBackend.symbol(traceBackend.recorder.node(operation, names, attributes, domain), shape, dtype);
}

/** The same values in another shape; one value throughout stays that. */
export const reshaped = (x: Traced, shape: ReadonlyArray<number>): Traced => {
  const uniform = x.shape.length === 0 && shape.length === 0 ? undefined : traceBackend.uniformValue(x);
  if (uniform !== undefined) return traceBackend.uniform(uniform, shape, x.dtype);
  if (tf.util.arraysEqual(x.shape, [...shape])) return traceBackend.symbol(nameOf(x), shape, x.dtype);
  return node("Reshape", [x, traceBackend.recorder.int64(shape)], shape, x.dtype);
};
