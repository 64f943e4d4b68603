/**
 * The graph of one program while it is recorded: nodes, constants, inputs.
 *
 * Nodes are pure, so equal nodes (operation, inputs, attributes) are recorded once; whatever no output needs is dropped when the
 * graph is finished. That lets gradients recompute in words what the forward pass has, at no cost.
 */
import type { DType, TensorSpec, TypedArray } from "../Engine.ts";
import { sizeOf } from "../../nn/TensorSpec.ts";

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: ReadonlyArray<number> }
  | { readonly string: string };

export interface GraphNode {
  readonly operation: string;
  readonly domain: string;
  readonly inputs: ReadonlyArray<string>;
  readonly outputs: ReadonlyArray<string>;
  readonly attributes: { readonly [name: string]: Attribute };
}

export interface GraphConstant {
  readonly name: string;
  readonly shape: ReadonlyArray<number>;
  readonly dtype: DType | "int64" | "int8" | "uint8";
  readonly values: TypedArray | Int8Array | BigInt64Array;
}

export interface Graph {
  readonly inputs: ReadonlyArray<TensorSpec>;
  readonly outputs: ReadonlyArray<TensorSpec>;
  readonly constants: ReadonlyArray<GraphConstant>;
  readonly nodes: ReadonlyArray<GraphNode>;
  /** The most that intermediate values take at any time while the nodes run in order: what a session will hold. */
  readonly peakBytes: number;
}

export const microsoftDomain = "com.microsoft";

export class GraphRecorder {
  private readonly nodes: Array<GraphNode> = [];
  private readonly constants: Array<GraphConstant> = [];
  private readonly inputs: Array<TensorSpec> = [];
  private readonly sizes = new Map<string, number>();
  private readonly known = new Map<string, ReadonlyArray<string>>();
  private count = 0;

  input(spec: TensorSpec): string {
    this.inputs.push(spec);
    return spec.name;
  }

  /** A constant under its own name (weights that never change). */
  namedConstant(constant: GraphConstant): string {
    this.constants.push(constant);
    return constant.name;
  }

  constant(values: GraphConstant["values"], shape: ReadonlyArray<number>, dtype: GraphConstant["dtype"]): string {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    // Small ones only: there the same shapes and scalars recur, large ones hardly ever do.
    const key = bytes.length <= 1024 ? `constant ${dtype} [${shape.join()}] ${bytes.toString("latin1")}` : undefined;
    const found = key === undefined ? undefined : this.known.get(key);
    if (found !== undefined) return found[0]!;
    const name = this.newName();
    this.constants.push({ name, shape, dtype, values });
    if (key !== undefined) this.known.set(key, [name]);
    return name;
  }

  /** Known when the session is made, as weights in inference are. */
  isConstant(name: string): boolean {
    return this.constants.some((constant) => constant.name === name);
  }

  int64(values: ReadonlyArray<number>): string {
    return this.constant(new BigInt64Array(values.map(BigInt)), [values.length], "int64");
  }

  scalar(value: number, dtype: DType): string {
    if (dtype === "float32") return this.constant(Float32Array.of(value), [], dtype);
    return this.constant(dtype === "int32" ? Int32Array.of(value) : Uint8Array.of(value), [], dtype);
  }

  /** Tells the recorder how large a value is (4 bytes an element, roughly right for all types). */
  noteSize(name: string, shape: ReadonlyArray<number>): void {
    this.sizes.set(name, 4 * sizeOf(shape));
  }

  /** Records a node of one output and returns its name. */
  node(
    operation: string,
    inputs: ReadonlyArray<string>,
    attributes: GraphNode["attributes"] = {},
    domain = "",
  ): string {
    return this.nodeMany(operation, inputs, 1, attributes, domain)[0]!;
  }

  nodeMany(
    operation: string,
    inputs: ReadonlyArray<string>,
    outputCount: number,
    attributes: GraphNode["attributes"] = {},
    domain = "",
  ): ReadonlyArray<string> {
    const key = `${domain} ${operation} ${outputCount} ${inputs.join()} ${JSON.stringify(attributes)}`;
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const outputs = Array.from({ length: outputCount }, () => this.newName());
    this.nodes.push({ operation, domain, inputs, outputs, attributes });
    this.known.set(key, outputs);
    return outputs;
  }

  /** The graph of these outputs, under their public names, without what they do not need. */
  finish(outputs: ReadonlyArray<{ readonly from: string; readonly spec: TensorSpec }>): Graph {
    const named = outputs.map(({ from, spec }) => {
      // A node of its own for each output: the same value may leave under two names, or be an input.
      this.nodes.push({ operation: "Identity", domain: "", inputs: [from], outputs: [spec.name], attributes: {} });
      return spec;
    });
    const needed = new Set(named.map((spec) => spec.name));
    const nodes: Array<GraphNode> = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      for (const input of node.inputs) needed.add(input);
      nodes.push(node);
    }
    return {
      inputs: this.inputs.filter((input) => needed.has(input.name)),
      outputs: named,
      constants: this.constants.filter((constant) => needed.has(constant.name)),
      nodes: nodes.toReversed(),
      peakBytes: this.peakBytes(nodes.toReversed()),
    };
  }

  /** Walks the nodes in order: a value lives from its node to the last that reads it. */
  private peakBytes(nodes: ReadonlyArray<GraphNode>): number {
    const lastUse = new Map<string, number>();
    nodes.forEach((node, i) => node.inputs.forEach((input) => lastUse.set(input, i)));
    const made = new Set<string>();
    let live = 0;
    let peak = 0;
    nodes.forEach((node, i) => {
      for (const output of node.outputs) {
        made.add(output);
        live += this.sizes.get(output) ?? 0;
      }
      peak = Math.max(peak, live);
      for (const input of new Set(node.inputs))
        if (made.has(input) && lastUse.get(input) === i) live -= this.sizes.get(input) ?? 0;
    });
    return peak;
  }

  private newName(): string {
    return `t${this.count++}`;
  }
}
