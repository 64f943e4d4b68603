/** The reference engine: runs programs eagerly on tfjs's cpu backend. Slow and plain; tests hold other engines to it. */
import "./kernels.ts";
import * as tf from "@tensorflow/tfjs-core";
import type { EngineShape, Executable, Feeds, Program, TensorSpec } from "../Engine.ts";
import { onnxIdentity } from "../identity.ts";
import { sizeOf } from "../../nn/TensorSpec.ts";

export class CpuEngine implements EngineShape {
  readonly identity = { ...onnxIdentity, name: "cpu", version: tf.version_core };

  /** Runs the program once on zeros: only so are the shapes of its outputs known. */
  compile(program: Program): Promise<Executable> {
    return Promise.resolve().then(() => {
      const zeros = Object.fromEntries(program.inputs.map((spec) => [spec.name, new Float32Array(sizeOf(spec.shape))]));
      const outputs = runProgram(program, zeros, (name, tensor): TensorSpec => {
        return { name, shape: tensor.shape, dtype: tensor.dtype as TensorSpec["dtype"] };
      });
      return {
        outputs: Object.values(outputs),
        run: (feeds, into) => Promise.resolve().then(() => runProgram(program, feeds, valuesOf(into))),
      };
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const valuesOf =
  (into: { readonly [name: string]: Float32Array } = {}) =>
  (name: string, tensor: tf.Tensor): Float32Array => {
    const values = tensor.dataSync() as Float32Array;
    const target = into[name];
    if (target === undefined) return values.slice(); // the tensor's own memory goes with it
    target.set(values);
    return target;
  };

/** Builds the program's outputs from the feeds, reads them, and leaves no tensor behind. */
function runProgram<A>(
  program: Program,
  feeds: Feeds,
  read: (name: string, tensor: tf.Tensor) => A,
): { readonly [name: string]: A } {
  const former = tf.engine().backendName;
  void tf.setBackend("cpu"); // takes effect at once: this backend is ready without waiting
  try {
    let results: { readonly [name: string]: A } = {};
    tf.tidy(() => {
      const tensors: { [name: string]: tf.Tensor } = {};
      for (const { name, shape, dtype } of program.inputs) {
        const values = feeds[name];
        if (values === undefined)
          throw new Error(`The program ${program.key} needs the input ${name}, which was not fed.`);
        tensors[name] = tf.tensor(values, [...shape], dtype);
      }
      for (const [name, { shape, values, quantized }] of Object.entries(program.constants ?? {})) {
        if (quantized === true)
          throw new Error(`The program ${program.key} has 8-bit weights, which the onnx engine alone computes with.`);
        tensors[name] = tf.tensor(values, [...shape]);
      }
      const built = Object.entries(program.build(tensors));
      results = Object.fromEntries(built.map(([name, tensor]) => [name, read(name, tensor)]));
      for (const [, tensor] of built) tensor.dispose(); // outputs may have been kept beyond their scope
    });
    return results;
  } finally {
    if (former !== "" && former !== undefined) void tf.setBackend(former);
  }
}
