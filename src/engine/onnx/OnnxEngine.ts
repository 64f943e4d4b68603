/**
 * The engine that training and inference run on: each program is traced once into an ONNX graph, which onnxruntime runs.
 *
 * Compiled programs are kept in a cache bounded in number and in the memory that their sessions hold, least recently used out
 * first; an executable whose session went is compiled again when it runs. Feeds are read in place, outputs named in `into` are
 * written in place.
 */
import { availableParallelism, totalmem } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { EngineShape, Executable, Feeds, Program, TensorSpec, TypedArray } from "../Engine.ts";
import { onnxIdentity } from "../identity.ts";
import { sizeOf } from "../../nn/TensorSpec.ts";
import type { Graph } from "./GraphRecorder.ts";
import { encodeModel } from "./onnxModel.ts";
import { outputName, traceProgram } from "./traceProgram.ts";

export interface OnnxOptions {
  /** Threads a session computes with; results do not depend on it. Default: as many as the machine offers. */
  readonly threads?: number;
  /** Most compiled programs alive at once; default 16. */
  readonly maxSessions?: number;
  /** Most bytes that the intermediate values and constants of all sessions may take (one session may take more); default a quarter of memory. */
  readonly maxSessionBytes?: number;
  /** Writes onnxruntime's profile of each session to files with this prefix: see `bench/profile.ts`. */
  readonly profilePrefix?: string;
}

interface Compiled {
  readonly key: string;
  readonly session: InferenceSession;
  readonly inputs: ReadonlyArray<TensorSpec>;
  readonly outputs: ReadonlyArray<TensorSpec>;
  readonly bytes: number;
  /** Runs in progress: never released meanwhile. */
  busy: number;
}

export class OnnxEngine implements EngineShape {
  readonly identity = onnxIdentity;
  /** In order of use, latest last. */
  private readonly compiled = new Map<string, Promise<Compiled>>();
  private readonly options: Required<Omit<OnnxOptions, "profilePrefix">> & Pick<OnnxOptions, "profilePrefix">;

  constructor(options: OnnxOptions = {}) {
    this.options = {
      threads: availableParallelism(),
      maxSessions: 16,
      maxSessionBytes: totalmem() / 4,
      ...options,
    };
  }

  /** Programs compiled and alive. */
  get sessionCount(): number {
    return this.compiled.size;
  }

  async compile(program: Program): Promise<Executable> {
    const { outputs } = await this.acquire(program);
    return {
      outputs: outputs.map(({ name, shape, dtype }) => ({ name: publicName(name), shape, dtype })),
      run: (feeds, into) => this.run(program, feeds, into),
    };
  }

  async close(): Promise<void> {
    const all = [...this.compiled.values()];
    this.compiled.clear();
    for (const compiled of all) await this.release(await compiled);
  }

  private async run(
    program: Program,
    feeds: Feeds,
    into: { readonly [name: string]: Float32Array } = {},
  ): Promise<{ readonly [name: string]: Float32Array }> {
    const compiled = await this.acquire(program);
    compiled.busy++;
    try {
      const inputs: { [name: string]: Tensor } = {};
      for (const spec of compiled.inputs) inputs[spec.name] = feed(program, spec, feeds[spec.name]);
      const fetches: { [name: string]: Tensor | null } = {};
      for (const spec of compiled.outputs) fetches[spec.name] = fetch(program, spec, into[publicName(spec.name)]);
      const found = await compiled.session.run(inputs, fetches);
      const results: { [name: string]: Float32Array } = {};
      for (const { name } of compiled.outputs)
        results[publicName(name)] = into[publicName(name)] ?? (found[name]!.data as Float32Array);
      return results;
    } finally {
      compiled.busy--;
    }
  }

  /** The compiled program, made now where it is not there, as the latest used. */
  private async acquire(program: Program): Promise<Compiled> {
    const known = this.compiled.get(program.key);
    this.compiled.delete(program.key);
    const compiled = known ?? this.create(program);
    this.compiled.set(program.key, compiled);
    if (known === undefined) {
      compiled.catch(() => this.compiled.delete(program.key));
      await compiled;
      await this.evict();
    }
    return compiled;
  }

  private async create(program: Program): Promise<Compiled> {
    const graph: Graph = traceProgram(program);
    const { threads, profilePrefix } = this.options;
    const session = await InferenceSession.create(encodeModel(graph), {
      intraOpNumThreads: threads,
      executionMode: "sequential",
      // The graph is lean as recorded: more passes make no step faster and take as long as tracing.
      graphOptimizationLevel: "basic",
      // Planned memory comes on top of what the first run took, nearly twice as much in all, and saves no time.
      enableMemPattern: false,
      ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
    });
    const { inputs, outputs } = graph;
    const constants = graph.constants.reduce((sum, constant) => sum + constant.values.byteLength, 0);
    return { key: program.key, session, inputs, outputs, bytes: graph.peakBytes + constants, busy: 0 };
  }

  /** Releases the least recently used until both bounds hold; the latest always stays. */
  private async evict(): Promise<void> {
    const all = await Promise.all(this.compiled.values());
    let count = all.length;
    let bytes = all.reduce((sum, compiled) => sum + compiled.bytes, 0);
    for (const compiled of all.slice(0, -1)) {
      if (count <= this.options.maxSessions && bytes <= this.options.maxSessionBytes) return;
      if (compiled.busy > 0) continue;
      this.compiled.delete(compiled.key);
      count--;
      bytes -= compiled.bytes;
      await this.release(compiled);
    }
  }

  private async release({ session }: Compiled): Promise<void> {
    if (this.options.profilePrefix !== undefined) session.endProfiling();
    await session.release();
  }
}

const publicName = (name: string): string => name.slice(outputName("").length);

function feed(program: Program, { name, shape, dtype }: TensorSpec, values: TypedArray | undefined): Tensor {
  if (values === undefined) throw new Error(`The program ${program.key} needs the input ${name}, which was not fed.`);
  if (values.length !== sizeOf(shape))
    throw new Error(`The input ${name} of ${program.key} has ${values.length} values, not ${shape.join(" × ")}.`);
  return new Tensor(dtype as "float32", values as Float32Array, shape);
}

/** The place an output is written to; null lets onnxruntime make one. */
function fetch(program: Program, { name, shape }: TensorSpec, values: Float32Array | undefined): Tensor | null {
  if (values === undefined) return null;
  if (values.length !== sizeOf(shape))
    throw new Error(
      `The output ${publicName(name)} of ${program.key} has ${shape.join(" × ")} values, not ${values.length}.`,
    );
  return new Tensor("float32", values, shape);
}
