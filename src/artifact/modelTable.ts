/** Encoders as tables: one row per parameter, all that is not a number in the facts. */
import { canonicalJson, type Json } from "../core/canonicalJson.ts";
import type { EncoderModel, ModelConfig, SpecialTokens } from "../nn/EncoderModel.ts";
import type { Float32Tensor, Weights } from "../nn/Weights.ts";
import { DamagedArtifact, type Table } from "./table.ts";

export function encodeModel(model: EncoderModel): Omit<Table, "type"> {
  const { kind, weights, ...facts } = model;
  for (const [name, { values }] of weights)
    if (!values.every(Number.isFinite)) throw new TypeError(`${kind}: parameter ${name} holds what is not a number`);
  return {
    rows: weights.size,
    columns: weightColumns(weights),
    // Cast: an interface of plain JSON members has no index signature, which the type Json asks for.
    facts: { kind, model: canonicalJson(facts as unknown as Json) },
  };
}

export function decodeModel<Kind extends EncoderModel["kind"]>(
  table: Table,
  kind: Kind,
): Extract<EncoderModel, { readonly kind: Kind }> {
  const text = table.facts["model"];
  if (text === undefined || table.facts["kind"] !== kind)
    throw new DamagedArtifact(`${table.type}: holds a model of kind ${table.facts["kind"] ?? "unknown"}, not ${kind}`);
  const facts = JSON.parse(text) as { readonly config: ModelConfig; readonly special: SpecialTokens };
  // Cast: `kind` was checked above, and what encodeModel wrote of that kind is what stands in the facts.
  return { kind, ...facts, weights: readWeights(table) } as unknown as Extract<EncoderModel, { readonly kind: Kind }>;
}

function weightColumns(weights: Weights): Table["columns"] {
  const tensors = [...weights.values()];
  return {
    name: { kind: "text", values: [...weights.keys()] },
    shape: { kind: "int32List", values: flat(Int32Array, tensors, (tensor) => tensor.shape) },
    values: { kind: "float32List", values: flat(Float32Array, tensors, (tensor) => tensor.values) },
  };
}

interface TypedArrayOf<Values> {
  new (length: number): Values;
}

function flat<Values extends Int32Array | Float32Array>(
  Kind: TypedArrayOf<Values>,
  tensors: ReadonlyArray<Float32Tensor>,
  part: (tensor: Float32Tensor) => ArrayLike<number>,
) {
  const offsets = new Int32Array(tensors.length + 1);
  tensors.forEach((tensor, i) => (offsets[i + 1] = offsets[i]! + part(tensor).length));
  const values = new Kind(offsets[tensors.length]!);
  tensors.forEach((tensor, i) => values.set(part(tensor), offsets[i]));
  return { offsets, values };
}

function readWeights(table: Table): Weights {
  const { name, shape, values } = table.columns;
  if (name?.kind !== "text" || shape?.kind !== "int32List" || values?.kind !== "float32List")
    throw new DamagedArtifact(`${table.type}: its columns are not name, shape and values`);
  return new Map(
    name.values.map((parameter, i): [string, Float32Tensor] => [
      parameter,
      { shape: [...row(shape.values, i)], values: row(values.values, i) },
    ]),
  );
}

const row = <Values extends Int32Array | Float32Array>(
  list: { readonly offsets: Int32Array; readonly values: Values },
  i: number,
): Values => list.values.subarray(list.offsets[i]!, list.offsets[i + 1]!) as Values;
