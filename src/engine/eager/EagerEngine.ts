/**
 * An engine that runs programs eagerly on one of tfjs's backends: nothing is compiled, each run calls the program's function.
 * `CpuEngine` and `TensorFlowEngine` are this on their backend.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { EngineIdentity } from "../../core/ActionRecord.ts";
import type { EngineShape, Executable, Feeds, Program, TensorSpec } from "../Engine.ts";
import { EngineUnavailable } from "../EngineChoice.ts";
import { checkTarget, fedValues } from "../feeds.ts";
import { sizeOf } from "../../nn/TensorSpec.ts";

type Targets = { readonly [name: string]: Float32Array };

export class EagerEngine implements EngineShape {
  readonly identity: EngineIdentity;
  private readonly backendName: string;
  /** Key of a program → its outputs. Equal keys build equal outputs, whatever is fed. */
  private readonly outputs = new Map<string, ReadonlyArray<TensorSpec>>();

  /** @param backendName of a tfjs backend that is registered and ready, with its kernels and our own */
  constructor(backendName: string, identity: EngineIdentity) {
    this.backendName = backendName;
    this.identity = identity;
  }

  /** The first of a key runs once on zeros: only so are the shapes of its outputs known, and mistakes in it told here. */
  compile(program: Program): Promise<Executable> {
    return Promise.resolve().then(() => {
      const outputs = this.outputs.get(program.key) ?? this.outputsOf(program);
      this.outputs.set(program.key, outputs);
      const run = (feeds: Feeds, into: Targets = {}) =>
        this.onBackend(program, feeds, (name, tensor) => valuesOf(program, name, tensor, into[name]));
      return { outputs, run: (feeds, into) => Promise.resolve().then(() => run(feeds, into)) };
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private outputsOf(program: Program): ReadonlyArray<TensorSpec> {
    const zeros = program.inputs.map(({ name, shape, dtype }) => [
      name,
      new { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype](sizeOf(shape)),
    ]);
    const specs = this.onBackend(program, Object.fromEntries(zeros) as Feeds, (name, { shape, dtype }): TensorSpec => {
      return { name, shape, dtype: dtype as TensorSpec["dtype"] };
    });
    return Object.values(specs);
  }

  /** Builds the program's outputs from the feeds, reads them, and leaves no tensor and no backend behind. */
  private onBackend<A>(
    program: Program,
    feeds: Feeds,
    read: (name: string, tensor: tf.Tensor) => A,
  ): { readonly [name: string]: A } {
    const former = tf.engine().backendName;
    void tf.setBackend(this.backendName); // takes effect at once: this backend is ready without waiting
    try {
      let results: { readonly [name: string]: A } = {};
      tf.tidy(() => {
        const built = Object.entries(program.build(tensorsOf(program, feeds)));
        results = Object.fromEntries(built.map(([name, tensor]) => [name, read(name, tensor)]));
        for (const [, tensor] of built) tensor.dispose(); // outputs may have been kept beyond their scope
      });
      return results;
    } finally {
      if (former !== "" && former !== undefined) void tf.setBackend(former);
    }
  }
}

function tensorsOf(program: Program, feeds: Feeds): { [name: string]: tf.Tensor } {
  const tensors: { [name: string]: tf.Tensor } = {};
  for (const spec of program.inputs)
    tensors[spec.name] = tf.tensor(fedValues(program, spec, feeds), [...spec.shape], spec.dtype);
  for (const [name, { shape, values, quantized }] of Object.entries(program.constants ?? {})) {
    if (quantized === true)
      throw new EngineUnavailable("Precision int8 is computed by the onnx engine only", {
        needs: "set precision to float32, or take the onnx engine",
      });
    tensors[name] = tf.tensor(values, [...shape]);
  }
  return tensors;
}

function valuesOf(program: Program, name: string, tensor: tf.Tensor, target: Float32Array | undefined): Float32Array {
  const values = tensor.dataSync() as Float32Array;
  if (target === undefined) return values.slice(); // the tensor's own memory goes with it
  checkTarget(program, name, tensor.shape, target);
  target.set(values);
  return target;
}
