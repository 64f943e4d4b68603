/**
 * A tfjs backend that computes nothing: its kernels append nodes to the graph being recorded. Run a function and its gradient
 * on it, and the graph of both is there.
 *
 * A tensor's data is one of three: a name in the graph; plain values, which become a constant when a node needs them; or one
 * value repeated (`tf.ones`, the gradients' favourite), which stays a scalar as long as broadcasting can stand in for its shape.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { DType, TensorSpec, TypedArray } from "../Engine.ts";
import { GraphRecorder } from "./GraphRecorder.ts";

export const traceBackendName = "tandem-trace";

type Data = { readonly shape: ReadonlyArray<number>; readonly dtype: DType; references: number } & (
  { readonly name: string } | { readonly values: TypedArray } | { readonly uniform: number }
);

/** The part of a tensor that kernels work on. */
export type Traced = tf.TensorInfo;

export class TraceBackend extends tf.KernelBackend {
  private readonly data = new tf.DataStorage<Data>(this, tf.engine());
  private readonly recorders: Array<GraphRecorder> = [];

  /** The graph being recorded. */
  get recorder(): GraphRecorder {
    const recorder = this.recorders.at(-1);
    if (recorder === undefined) throw new Error("The trace backend works only while a program is recorded.");
    return recorder;
  }

  /** Runs `body` with a fresh recorder as tfjs's backend, then puts the former backend back. May be nested. */
  record<A>(body: (recorder: GraphRecorder) => A): A {
    const former = tf.engine().backendName;
    const recorder = new GraphRecorder();
    this.recorders.push(recorder);
    try {
      void tf.setBackend(traceBackendName); // takes effect at once: this backend is ready without waiting
      return inTidy(() => body(recorder));
    } finally {
      this.recorders.pop();
      if (former !== "" && former !== undefined) void tf.setBackend(former);
    }
  }

  /** A tensor that stands for a value in the graph. */
  symbol(name: string, shape: ReadonlyArray<number>, dtype: string): Traced {
    return this.add({ name, shape, dtype: dtype as DType, references: 1 });
  }

  /** A tensor of one value throughout. */
  uniform(value: number, shape: ReadonlyArray<number>, dtype: string): Traced {
    return this.add({ uniform: value, shape, dtype: dtype as DType, references: 1 });
  }

  inputTensor(spec: TensorSpec): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.symbol(spec.name, spec.shape, spec.dtype));
  }

  /** The one value of a tensor that has the same everywhere. */
  uniformValue(tensor: Traced): number | undefined {
    const data = this.data.get(tensor.dataId);
    if ("uniform" in data) return data.uniform;
    return "values" in data && data.values.length === 1 ? data.values[0] : undefined;
  }

  /** The tensor's name in the graph; values become a constant. */
  nameOf(tensor: Traced): string {
    const data = this.data.get(tensor.dataId);
    if ("name" in data) return data.name;
    const { recorder } = this;
    // The shape is the tensor's, not the data's: a reshape shares data.
    if ("values" in data) return recorder.constant(data.values, tensor.shape, data.dtype);
    if (tensor.shape.length === 0) return recorder.scalar(data.uniform, data.dtype);
    return recorder.node("Expand", [recorder.scalar(data.uniform, data.dtype), recorder.int64(tensor.shape)]);
  }

  private add(data: Data): Traced {
    const dataId = {};
    this.data.set(dataId, data);
    return { dataId, shape: data.shape as Array<number>, dtype: data.dtype };
  }

  // What tfjs asks of a backend.

  override write(values: tf.BackendValues, shape: Array<number>, dtype: tf.DataType): tf.DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: Array<number>,
    dtype: tf.DataType,
    references: number,
  ): void {
    this.data.set(dataId, { values: values as TypedArray, shape, dtype: dtype as DType, references });
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const data = this.data.get(dataId);
    if ("values" in data) return data.values;
    throw new Error("A program read a tensor's value while it was recorded; values exist only when it runs.");
  }

  override read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  override refCount(dataId: tf.DataId): number {
    return this.data.has(dataId) ? this.data.get(dataId).references : 0;
  }

  override incRef(dataId: tf.DataId): void {
    this.data.get(dataId).references++;
  }

  override disposeData(dataId: tf.DataId, force?: boolean): boolean {
    if (!this.data.has(dataId)) return true;
    const data = this.data.get(dataId);
    data.references--;
    if (force !== true && data.references > 0) return false;
    this.data.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.data.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {}
}

/** Like `tf.tidy` for a result without tensors, which tidy would search element by element. */
export function inTidy<A>(body: () => A): A {
  let result: A | undefined;
  tf.tidy(() => {
    result = body();
  });
  return result as A;
}

export const traceBackend = new TraceBackend();
tf.registerBackend(traceBackendName, () => traceBackend, 0);
