/**
 * The engine that training and inference run on: each program is traced once into an ONNX graph, which onnxruntime runs.
 *
 * Compiled programs are kept in a cache bounded in number and in the constants that their sessions hold, least recently used out
 * first; an executable whose session went is compiled again when it runs. Feeds are read in place, outputs named in `into` are
 * written in place; what lies between lives in memory while a program runs.
 */
import { availableParallelism, totalmem } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { EngineIdentity } from "../../core/ActionRecord.ts";
import type { EngineShape, Executable, Feeds, Program, TensorSpec } from "../Engine.ts";
import { parseDevice } from "../../core/device.ts";
import { checkTarget, fedValues } from "../feeds.ts";
import { EngineUnavailable } from "../EngineChoice.ts";
import { onnxIdentity } from "../identity.ts";
import { check8Bit } from "./check8Bit.ts";
import type { Graph } from "./GraphRecorder.ts";
import { type DeviceOptions, executionProviders, needsStandard } from "./executionProviders.ts";
import { encodeModel } from "./onnxModel.ts";
import { mostThreads } from "./kernels/threadCuts.ts";
import { outputName, traceProgram } from "./traceProgram.ts";

export interface OnnxOptions extends DeviceOptions {
  /** Threads a session computes with, 8 at most; results do not depend on it. Default: as many as the machine offers. */
  readonly threads?: number;
  /** Most compiled programs alive at once; default 16. */
  readonly maxSessions?: number;
  /** Most bytes that the constants of all sessions may take (one session may take more); default a quarter of memory. */
  readonly maxSessionBytes?: number;
  /** Writes onnxruntime's profile of each session to files with this prefix: see `bench/profile.ts`. */
  readonly profilePrefix?: string;
}

interface Compiled {
  readonly session: InferenceSession;
  readonly inputs: ReadonlyArray<TensorSpec>;
  readonly outputs: ReadonlyArray<TensorSpec>;
  readonly bytes: number;
}

/** A place in the cache, there from the moment a program is asked for. */
interface Entry {
  readonly key: string;
  readonly compiled: Promise<Compiled>;
  /** Known once compiled. */
  bytes: number;
  /** Uses in progress: never released meanwhile. */
  busy: number;
}

export class OnnxEngine implements EngineShape {
  readonly identity: EngineIdentity;
  /** In order of use, latest last. */
  private readonly entries = new Map<string, Entry>();
  private readonly options: OnnxOptions & Required<Pick<OnnxOptions, "threads" | "maxSessions" | "maxSessionBytes">>;
  private readonly providers: InferenceSession.SessionOptions;
  private readonly threads: number;

  constructor(options: OnnxOptions = {}) {
    this.options = {
      threads: availableParallelism(),
      maxSessions: 16,
      maxSessionBytes: totalmem() / 4,
      ...options,
    };
    this.identity = { ...onnxIdentity, deviceClass: parseDevice(options.device ?? "cpu")!.class };
    this.providers = executionProviders(options);
    this.threads = Math.min(this.options.threads, mostThreads);
  }

  /** Programs compiled and alive. */
  get sessionCount(): number {
    return this.entries.size;
  }

  async compile(program: Program): Promise<Executable> {
    const outputs = await this.using(program, (compiled) => Promise.resolve(compiled.outputs));
    return {
      outputs: outputs.map(({ name, shape, dtype }) => ({ name: publicName(name), shape, dtype })),
      run: (feeds, into) => this.using(program, (compiled) => runCompiled(program, compiled, feeds, into)),
    };
  }

  async close(): Promise<void> {
    const all = [...this.entries.values()];
    this.entries.clear();
    for (const entry of all) await this.release(entry);
  }

  /** Hands the compiled program to `use`, made now where it is not there, as the latest used. */
  private async using<A>(program: Program, use: (compiled: Compiled) => Promise<A>): Promise<A> {
    const entry = this.entries.get(program.key) ?? this.newEntry(program);
    this.entries.delete(entry.key);
    this.entries.set(entry.key, entry);
    entry.busy++;
    try {
      const compiled = await entry.compiled;
      await this.evict();
      return await use(compiled);
    } finally {
      entry.busy--;
    }
  }

  private newEntry(program: Program): Entry {
    const compiled = this.create(program);
    const entry: Entry = { key: program.key, compiled, bytes: 0, busy: 0 };
    compiled.then(
      ({ bytes }) => (entry.bytes = bytes),
      () => this.entries.delete(program.key),
    );
    return entry;
  }

  private async create(program: Program): Promise<Compiled> {
    if (Object.values(program.constants ?? {}).some(({ quantized }) => quantized)) await this.require8Bit();
    const graph: Graph = traceProgram(program, { standardOnly: needsStandard(this.options) });
    const { profilePrefix } = this.options;
    const session = await InferenceSession.create(encodeModel(graph), {
      intraOpNumThreads: this.threads,
      executionMode: "sequential",
      // The graph is lean as recorded: more passes make no step faster and take as long as tracing.
      graphOptimizationLevel: "basic",
      // Intermediate values come from the process's heap and go back to it, so that all sessions share what the largest needs. An
      // arena would be each session's own and never shrink: twice the memory on real batches, and no faster; a plan adds to it.
      enableCpuMemArena: false,
      enableMemPattern: false,
      ...this.providers,
      ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
    });
    const { inputs, outputs } = graph;
    // Twice: a session keeps a constant as it came, and packed for its products.
    const bytes = graph.constants.reduce((sum, constant) => sum + 2 * constant.values.byteLength, 0);
    return { session, inputs, outputs, bytes };
  }

  private async require8Bit(): Promise<void> {
    if (this.identity.deviceClass !== "cpu")
      throw new EngineUnavailable("Precision int8 is computed on the CPU only", {
        needs: "set precision to float32, or compute on the cpu",
      });
    await check8Bit();
  }

  /** Releases the least recently used until both bounds hold, but none in use. */
  private async evict(): Promise<void> {
    let count = this.entries.size;
    let bytes = 0;
    for (const entry of this.entries.values()) bytes += entry.bytes;
    const released: Array<Entry> = [];
    for (const entry of this.entries.values()) {
      if (count <= this.options.maxSessions && bytes <= this.options.maxSessionBytes) break;
      if (entry.busy > 0) continue;
      this.entries.delete(entry.key);
      released.push(entry);
      count--;
      bytes -= entry.bytes;
    }
    for (const entry of released) await this.release(entry);
  }

  private async release(entry: Entry): Promise<void> {
    const { session } = await entry.compiled;
    if (this.options.profilePrefix !== undefined) session.endProfiling();
    await session.release();
  }
}

async function runCompiled(
  program: Program,
  { session, inputs, outputs }: Compiled,
  feeds: Feeds,
  into: { readonly [name: string]: Float32Array } = {},
): Promise<{ readonly [name: string]: Float32Array }> {
  const fed: { [name: string]: Tensor } = {};
  for (const spec of inputs) fed[spec.name] = feed(program, spec, feeds);
  const fetches: { [name: string]: Tensor | null } = {};
  for (const spec of outputs) fetches[spec.name] = fetch(program, spec, into[publicName(spec.name)]);
  const found = await session.run(fed, fetches);
  const results: { [name: string]: Float32Array } = {};
  for (const { name } of outputs)
    results[publicName(name)] = into[publicName(name)] ?? (found[name]!.data as Float32Array);
  return results;
}

const publicName = (name: string): string => name.slice(outputName("").length);

function feed(program: Program, spec: TensorSpec, feeds: Feeds): Tensor {
  return new Tensor(spec.dtype as "float32", fedValues(program, spec, feeds) as Float32Array, spec.shape);
}

/** The place an output is written to; null lets onnxruntime make one. */
function fetch(program: Program, { name, shape }: TensorSpec, values: Float32Array | undefined): Tensor | null {
  if (values === undefined) return null;
  checkTarget(program, publicName(name), shape, values);
  return new Tensor("float32", values, shape);
}
