/**
 * The graph of one program while it is recorded: nodes, constants, inputs.
 *
 * Nodes are pure, so equal nodes (operation, inputs, attributes) are recorded once; whatever no output needs is dropped when the
 * graph is finished. That lets gradients recompute in words what the forward pass has, at no cost.
 */
import type { DType, TensorSpec, TypedArray } from "../Engine.ts";

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
}

export const microsoftDomain = "com.microsoft";

export interface RecordOptions {
  /** Only operations of ONNX's own domain: onnxruntime's, such as FusedMatMul, are not there on every device. */
  readonly standardOnly?: boolean;
}

export class GraphRecorder {
  readonly standardOnly: boolean;
  private readonly nodes: Array<GraphNode> = [];
  private readonly constants: Array<GraphConstant> = [];
  private readonly inputs: Array<TensorSpec> = [];
  private readonly known = new Map<string, ReadonlyArray<string>>();
  private readonly arrays = new Map<object, number>();
  private count = 0;

  constructor({ standardOnly = false }: RecordOptions = {}) {
    this.standardOnly = standardOnly;
  }

  input(spec: TensorSpec): string {
    this.inputs.push(spec);
    return spec.name;
  }

  constant(values: GraphConstant["values"], shape: ReadonlyArray<number>, dtype: GraphConstant["dtype"]): string {
    const key = `constant ${dtype} [${shape.join()}] ${this.contentKey(values)}`;
    const found = this.known.get(key);
    if (found !== undefined) return found[0]!;
    const name = this.newName();
    this.constants.push({ name, shape, dtype, values });
    this.known.set(key, [name]);
    return name;
  }

  /** Small ones by value, since the same shapes and scalars recur; large ones by the array that holds them. */
  private contentKey(values: GraphConstant["values"]): string {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    if (bytes.length <= 1024) return bytes.toString("latin1");
    if (!this.arrays.has(values)) this.arrays.set(values, this.arrays.size);
    return `array ${this.arrays.get(values)}`;
  }

  /** The node that gives the value of this name; undefined for inputs and constants. */
  producerOf(name: string): GraphNode | undefined {
    return this.nodes.findLast(({ outputs }) => outputs.includes(name));
  }

  constantNamed(name: string): GraphConstant | undefined {
    return this.constants.find((constant) => constant.name === name);
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
    };
  }

  private newName(): string {
    return `t${this.count++}`;
  }
}
