/**
 * An encoder as an ONNX model for other programs: the inputs and outputs that transformers.js, sentence-transformers and
 * optimum expect, batch and sequence of any length.
 *
 * Training and inference of our own run on graphs traced for one packed shape; this graph is the padded formulation with a mask,
 * written out by hand in the patterns that onnxruntime fuses (attention, GELU, skip + LayerNorm).
 */
import type { EncoderModel, ModelConfig } from "../../nn/EncoderModel.ts";
import { headFormOf } from "../../nn/headForms.ts";
import { embeddingProjection, embeddingTables, hasProjection, layerPrefix } from "../../nn/parameters.ts";
import type { Float32Tensor } from "../../nn/Weights.ts";
import { activationNodes } from "./activationNodes.ts";
import { GraphRecorder, type GraphNode } from "./GraphRecorder.ts";
import { encodeModel, elementTypes, type ModelValue } from "./onnxModel.ts";
import { quantizedMatrix, quantizedRows } from "./quantize.ts";

export type ExportPrecision = "float32" | "int8";

/** What one protobuf message can hold; larger models would need their weights in files beside it. */
const mostBytes = 2 ** 31 - 1;

/** Segments only where there are two to tell apart, as exports of optimum have it. */
const inputsOf = ({ typeVocabSize }: ModelConfig): ReadonlyArray<ModelValue> =>
  ["input_ids", "attention_mask", ...(typeVocabSize >= 2 ? ["token_type_ids"] : [])].map((name) => ({
    name,
    shape: ["batch", "sequence"],
    dtype: "int64",
  }));

/**
 * The bytes of the model file. Inputs `input_ids`, `attention_mask`, `token_type_ids` (int64 [batch, sequence]; the last only where
 * there are segments); output `last_hidden_state` [batch, sequence, dim], or `logits` [batch, 1] for a cross-encoder.
 *
 * `int8` keeps matrices as 8-bit numbers with a scale for each column and quantizes what they are multiplied with as it comes
 * (onnxruntime's "dynamic" quantization); the word table has a scale for each row; all else (`keptFloat`) stays float32.
 *
 * @throws RangeError where the model is too large for one file
 */
export function exportEncoder(model: EncoderModel, precision: ExportPrecision = "float32"): Uint8Array {
  const size = [...model.weights.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  if (precision === "float32" && size > mostBytes)
    throw new RangeError(`its weights take ${size} bytes, and one ONNX file holds ${mostBytes} at most`);
  const graph = new EncoderGraph(model, precision);
  const hidden = graph.hiddenStates();
  const output: ModelValue =
    model.kind === "cross-encoder"
      ? { name: "logits", shape: ["batch", 1], dtype: "float32" }
      : { name: "last_hidden_state", shape: ["batch", "sequence", model.config.hiddenSize], dtype: "float32" };
  return encodeModel(graph.finish(model.kind === "cross-encoder" ? graph.logits(hidden) : hidden, output));
}

/**
 * Stays float32 in an int8 model: a classifier is too little work to lose precision for, and what GELU gives has long tails that
 * one scale for all of it serves badly (all-MiniLM-L6-v2 on STS-B test: 0.16 points of Spearman lost rather than 0.47).
 */
const keptFloat = /^classifier$|layer\.\d+\.output\.dense$/;

class EncoderGraph {
  private readonly recorder = new GraphRecorder();
  private readonly config: ModelConfig;
  private readonly model: EncoderModel;
  private readonly precision: ExportPrecision;

  constructor(model: EncoderModel, precision: ExportPrecision) {
    this.model = model;
    this.config = model.config;
    this.precision = precision;
  }

  finish(from: string, output: ModelValue) {
    const { name } = output;
    const graph = this.recorder.finish([{ from, spec: { name, shape: [], dtype: "float32" } }]);
    return { ...graph, inputs: inputsOf(this.config), outputs: [output] };
  }

  /** [batch, sequence, dim] */
  hiddenStates(): string {
    const mask = this.maskBias();
    const embedded = this.norm(this.embeddings(), "embeddings.LayerNorm");
    let x = hasProjection(this.config) ? this.linear(embedded, embeddingProjection) : embedded;
    for (let layer = 0; layer < this.config.layers; layer++) x = this.layer(x, mask, layerPrefix(layer));
    return x;
  }

  /** First token → dense → activation → linear: [batch, 1]. */
  logits(hidden: string): string {
    const first = this.node("Gather", [hidden, this.recorder.constant(BigInt64Array.of(0n), [], "int64")], {
      axis: { int: 1 },
    }); // [batch, dim]
    const { dense, activation } = headFormOf(this.config);
    return this.linear(activationNodes(this.recorder, this.linear(first, dense), activation), "classifier");
  }

  /** word + type + position: [batch, sequence, width of the embeddings] */
  private embeddings(): string {
    const words = this.words();
    const types = this.types();
    const typed = types === undefined ? words : this.node("Add", [words, types]);
    return this.node("Add", [typed, this.positions()]);
  }

  /** Where there is one segment only, its row [1, width] for all tokens. */
  private types(): string | undefined {
    const { typeVocabSize } = this.config;
    if (typeVocabSize === 0) return undefined;
    const table = this.weight(embeddingTables.type);
    return typeVocabSize === 1 ? table : this.node("Gather", [table, "token_type_ids"], { axis: { int: 0 } });
  }

  /** [sequence, width], or by token [batch, sequence, width] where paddings are not counted. */
  private positions(): string {
    const { paddingIndex } = this.config;
    if (paddingIndex !== undefined) return this.countedPositions(paddingIndex);
    const shape = this.node("Shape", ["input_ids"]);
    const length = this.node("Slice", [shape, this.recorder.int64([1]), this.recorder.int64([2])]); // [1]
    return this.node("Slice", [
      this.weight(embeddingTables.position),
      this.recorder.int64([0]),
      length,
      this.recorder.int64([0]),
    ]);
  }

  /** RoBERTa's: the row of a token is the padding's plus its number among those that are none. */
  private countedPositions(paddingIndex: number): string {
    const padding = this.recorder.constant(BigInt64Array.of(BigInt(paddingIndex)), [], "int64");
    const isToken = this.cast(this.node("Not", [this.node("Equal", ["input_ids", padding])]), "int64");
    const counted = this.node("CumSum", [isToken, this.recorder.constant(BigInt64Array.of(1n), [], "int64")]);
    const rows = this.node("Add", [this.node("Mul", [counted, isToken]), padding]);
    return this.node("Gather", [this.weight(embeddingTables.position), rows], { axis: { int: 0 } });
  }

  private words(): string {
    const axis = { axis: { int: 0 } };
    if (this.precision === "float32")
      return this.node("Gather", [this.weight(embeddingTables.word), "input_ids"], axis);
    const { values, scales } = quantizedRows(this.tensor(embeddingTables.word));
    const [vocab, dim] = this.tensor(embeddingTables.word).shape as [number, number];
    const table = this.recorder.constant(values, [vocab, dim], "int8");
    const numbers = this.cast(this.node("Gather", [table, "input_ids"], axis), "float32");
    const scale = this.node("Gather", [this.recorder.constant(scales, [vocab, 1], "float32"), "input_ids"], axis);
    return this.node("Mul", [numbers, scale]);
  }

  /** 0 where there is a token, a large negative number where there is padding: [batch, 1, 1, sequence] */
  private maskBias(): string {
    const mask = this.cast(this.node("Unsqueeze", ["attention_mask", this.recorder.int64([1, 2])]), "float32");
    const padding = this.node("Sub", [this.recorder.scalar(1, "float32"), mask]);
    return this.node("Mul", [padding, this.recorder.scalar(-1e9, "float32")]);
  }

  private layer(x: string, mask: string, prefix: string): string {
    const attended = this.linear(
      this.attention(x, mask, `${prefix}attention.self.`),
      `${prefix}attention.output.dense`,
    );
    const middle = this.norm(this.node("Add", [attended, x]), `${prefix}attention.output.LayerNorm`);
    const wide = activationNodes(
      this.recorder,
      this.linear(middle, `${prefix}intermediate.dense`),
      this.config.activation,
    );
    const narrow = this.linear(wide, `${prefix}output.dense`);
    return this.norm(this.node("Add", [narrow, middle]), `${prefix}output.LayerNorm`);
  }

  private attention(x: string, mask: string, prefix: string): string {
    const { heads, hiddenSize } = this.config;
    const split = (name: string, perm: ReadonlyArray<number>) => {
      const projected = this.linear(x, `${prefix}${name}`);
      // 0 keeps a length: [batch, sequence, heads, headSize]
      const shaped = this.node("Reshape", [projected, this.recorder.int64([0, 0, heads, hiddenSize / heads])]);
      return this.node("Transpose", [shaped], { perm: { ints: perm } });
    };
    const products = this.node("MatMul", [split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1])]);
    const scale = this.recorder.scalar(Math.sqrt(hiddenSize / heads), "float32");
    const scores = this.node("Add", [this.node("Div", [products, scale]), mask]); // [batch, heads, sequence, sequence]
    const weights = this.node("Softmax", [scores], { axis: { int: -1 } });
    const context = this.node("MatMul", [weights, split("value", [0, 2, 1, 3])]);
    const joined = this.node("Transpose", [context], { perm: { ints: [0, 2, 1, 3] } });
    return this.node("Reshape", [joined, this.recorder.int64([0, 0, hiddenSize])]);
  }

  /** x · Wᵀ + b, with W [out, in] as Hugging Face keeps it. */
  private linear(x: string, name: string): string {
    const weight = this.tensor(`${name}.weight`);
    const product =
      this.precision === "int8" && !keptFloat.test(name) ? this.int8Product(x, weight) : this.product(x, weight);
    return this.node("Add", [product, this.weight(`${name}.bias`)]);
  }

  private product(x: string, weight: Float32Tensor): string {
    const [out, into] = weight.shape as [number, number];
    const columns = new Float32Array(weight.values.length); // [in, out]
    for (let row = 0; row < out; row++)
      for (let column = 0; column < into; column++) columns[column * out + row] = weight.values[row * into + column]!;
    return this.node("MatMul", [x, this.recorder.constant(columns, [into, out], "float32")]);
  }

  /** Standard ONNX nodes, which onnxruntime fuses into one product (`DynamicQuantizeMatMul`). */
  private int8Product(x: string, weight: Float32Tensor): string {
    const [out, into] = weight.shape as [number, number];
    const { values, scales, zeroPoint } = quantizedMatrix(weight);
    const matrix = this.recorder.constant(values, [into, out], "uint8");
    const zero = this.recorder.constant(Uint8Array.of(zeroPoint), [], "uint8");
    const [numbers, scale, offset] = this.recorder.nodeMany("DynamicQuantizeLinear", [x], 3) as [
      string,
      string,
      string,
    ];
    const product = this.cast(this.node("MatMulInteger", [numbers, matrix, offset, zero]), "float32");
    const scaling = this.node("Mul", [scale, this.recorder.constant(scales, [out], "float32")]);
    return this.node("Mul", [product, scaling]);
  }

  private norm(x: string, name: string): string {
    return this.node("LayerNormalization", [x, this.weight(`${name}.weight`), this.weight(`${name}.bias`)], {
      axis: { int: -1 },
      epsilon: { float: this.config.layerNormEps },
    });
  }

  private cast(x: string, to: "float32" | "int64"): string {
    return this.node("Cast", [x], { to: { int: elementTypes[to] } });
  }

  private node(operation: string, names: ReadonlyArray<string>, attributes: GraphNode["attributes"] = {}): string {
    return this.recorder.node(operation, names, attributes);
  }

  private tensor(name: string): Float32Tensor {
    const found = this.model.weights.get(name);
    if (found === undefined) throw new Error(`the ${this.model.kind} has no parameter ${name}`);
    return found;
  }

  private weight(name: string): string {
    const { shape, values } = this.tensor(name);
    return this.recorder.constant(values, shape, "float32");
  }
}
