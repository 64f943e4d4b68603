/**
 * The one place that knows Arrow: named columns and facts ↔ the bytes of an Arrow IPC file.
 *
 * Equal tables give equal bytes, in every process and on every machine: record batches are cut at a fixed number of rows,
 * there are no dictionaries (their ids would count up per process), metadata is sorted, NaN has one bit pattern, and
 * neither clock nor host gets in. Reading shares the memory of the bytes where a column sits in one batch.
 */
import * as Arrow from "apache-arrow";

/** Rows of a record batch. Part of the format: another number gives other bytes and so other digests. */
export const batchRows = 65_536;
const formatVersion = "1";

export interface ListValues<Values> {
  /** Row i is `values[offsets[i] .. offsets[i + 1])`. */
  readonly offsets: Int32Array;
  readonly values: Values;
}

export type Column =
  | { readonly kind: "text"; readonly values: ReadonlyArray<string> }
  | { readonly kind: "int32"; readonly values: Int32Array }
  | { readonly kind: "float32"; readonly values: Float32Array }
  | { readonly kind: "float64"; readonly values: Float64Array }
  | { readonly kind: "int32List"; readonly values: ListValues<Int32Array> }
  | { readonly kind: "float32List"; readonly values: ListValues<Float32Array> }
  | { readonly kind: "vector"; readonly dimension: number; readonly values: Float32Array };

export interface Table {
  readonly type: string;
  readonly rows: number;
  readonly columns: { readonly [name: string]: Column };
  /** What holds for the table as a whole: the digest it refers to, a model's config. */
  readonly facts: { readonly [name: string]: string };
}

/** The bytes are no artifact of ours, or not all of it. They are checked against their digest before, so this is a defect. */
export class DamagedArtifact extends Error {
  override readonly name = "DamagedArtifact";
}

const prefix = "tandem:";

export function encodeTable(table: Table): Uint8Array {
  const names = Object.keys(table.columns);
  const fields = names.map((name) => new Arrow.Field(name, arrowType(table.columns[name]!), false));
  const facts = { ...table.facts, format: formatVersion, type: table.type, rows: String(table.rows) };
  const metadata = new Map(
    Object.entries(facts)
      .map(([name, value]): [string, string] => [prefix + name, value])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const schema = new Arrow.Schema(fields, metadata);
  const batches: Array<Arrow.RecordBatch> = [];
  for (let start = 0; start < table.rows; start += batchRows) {
    const end = Math.min(start + batchRows, table.rows);
    const children = names.map((name) => columnData(table.columns[name]!, start, end));
    const data = Arrow.makeData({ type: new Arrow.Struct(fields), length: end - start, nullCount: 0, children });
    batches.push(new Arrow.RecordBatch(schema, data));
  }
  return Arrow.tableToIPC(new Arrow.Table(schema, batches), "file");
}

function arrowType(column: Column): Arrow.DataType {
  switch (column.kind) {
    case "text":
      return new Arrow.Utf8();
    case "int32":
      return new Arrow.Int32();
    case "float32":
      return new Arrow.Float32();
    case "float64":
      return new Arrow.Float64();
    case "int32List":
      return new Arrow.List(itemField(new Arrow.Int32()));
    case "float32List":
      return new Arrow.List(itemField(new Arrow.Float32()));
    case "vector":
      return new Arrow.FixedSizeList(column.dimension, itemField(new Arrow.Float32()));
  }
}

const itemField = <T extends Arrow.DataType>(type: T): Arrow.Field<T> => new Arrow.Field("item", type, false);

/** Rows `start` to `end` of a column as Arrow's data. */
function columnData(column: Column, start: number, end: number): Arrow.Data {
  const shape = { length: end - start, nullCount: 0 };
  switch (column.kind) {
    case "text":
      return Arrow.makeData({ type: new Arrow.Utf8(), ...shape, ...textBuffers(column.values.slice(start, end)) });
    case "int32":
      return Arrow.makeData({ type: new Arrow.Int32(), ...shape, data: column.values.slice(start, end) });
    case "float32":
      return Arrow.makeData({ type: new Arrow.Float32(), ...shape, data: oneNaN(column.values.slice(start, end)) });
    case "float64":
      return Arrow.makeData({ type: new Arrow.Float64(), ...shape, data: oneNaN(column.values.slice(start, end)) });
    case "int32List": {
      const { valueOffsets, from, to } = listBounds(column.values.offsets, start, end);
      const values = column.values.values.slice(from, to);
      const child = Arrow.makeData({ type: new Arrow.Int32(), length: to - from, nullCount: 0, data: values });
      return Arrow.makeData({ type: new Arrow.List(itemField(new Arrow.Int32())), ...shape, valueOffsets, child });
    }
    case "float32List": {
      const { valueOffsets, from, to } = listBounds(column.values.offsets, start, end);
      const values = oneNaN(column.values.values.slice(from, to));
      const child = Arrow.makeData({ type: new Arrow.Float32(), length: to - from, nullCount: 0, data: values });
      return Arrow.makeData({ type: new Arrow.List(itemField(new Arrow.Float32())), ...shape, valueOffsets, child });
    }
    case "vector": {
      const size = column.dimension;
      const values = oneNaN(column.values.slice(start * size, end * size));
      const child = Arrow.makeData({ type: new Arrow.Float32(), length: values.length, nullCount: 0, data: values });
      const type = new Arrow.FixedSizeList(size, itemField(new Arrow.Float32()));
      return Arrow.makeData({ type, ...shape, child });
    }
  }
}

function listBounds(offsets: Int32Array, start: number, end: number) {
  const from = offsets[start]!;
  return { valueOffsets: offsets.slice(start, end + 1).map((offset) => offset - from), from, to: offsets[end]! };
}

function textBuffers(texts: ReadonlyArray<string>): { readonly valueOffsets: Int32Array; readonly data: Uint8Array } {
  const valueOffsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => {
    if (!text.isWellFormed()) throw new TypeError(`row ${i}: half a surrogate pair has no UTF-8 form`);
    valueOffsets[i + 1] = valueOffsets[i]! + Buffer.byteLength(text);
  });
  const data = Buffer.alloc(valueOffsets[texts.length]!);
  texts.forEach((text, i) => data.write(text, valueOffsets[i]!));
  return { valueOffsets, data };
}

/** Replaces, in place, every NaN by the one JavaScript writes: two NaNs must not give two digests. */
function oneNaN<Values extends Float32Array | Float64Array>(values: Values): Values {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) values[i] = Number.NaN;
  return values;
}

/** Reads a table back; `type` is what the caller expects, and any where it is left out. */
export function decodeTable(bytes: Uint8Array, type?: string): Table {
  const arrow = openFile(bytes);
  const facts: Record<string, string> = {};
  for (const [name, value] of arrow.schema.metadata)
    if (name.startsWith(prefix)) facts[name.slice(prefix.length)] = value;
  const { format, type: found, rows, ...others } = facts;
  if (format !== formatVersion || found === undefined)
    throw new DamagedArtifact(`not an artifact of this version: format ${format ?? "absent"}, wanted ${formatVersion}`);
  if (type !== undefined && found !== type) throw new DamagedArtifact(`holds ${found}, wanted ${type}`);
  if (Number(rows) !== arrow.numRows) throw new DamagedArtifact(`holds ${arrow.numRows} rows, its header says ${rows}`);
  // The library reads an empty file as one batch without children.
  const batches = arrow.batches.filter((batch) => batch.numRows > 0);
  const columns = Object.fromEntries(
    arrow.schema.fields.map((field, index) => [
      field.name,
      readColumn(
        field.type,
        batches.map((batch) => batch.data.children[index]!),
      ),
    ]),
  );
  return { type: found, rows: arrow.numRows, columns, facts: others };
}

function openFile(bytes: Uint8Array): Arrow.Table {
  // An empty or cut file would read as an empty table or fail on some inner null: the magic at both ends says which.
  const magic = (at: number) => Buffer.from(bytes.buffer, bytes.byteOffset + at, 6).toString("latin1") === "ARROW1";
  if (bytes.length < 20 || !magic(0) || !magic(bytes.length - 6))
    throw new DamagedArtifact(`not a whole Arrow file (${bytes.length} bytes)`);
  try {
    return Arrow.tableFromIPC(bytes);
  } catch (cause) {
    throw new DamagedArtifact("an Arrow file that cannot be read", { cause });
  }
}

function readColumn(type: Arrow.DataType, parts: ReadonlyArray<Arrow.Data>): Column {
  if (Arrow.DataType.isUtf8(type)) return { kind: "text", values: parts.flatMap(readTexts) };
  if (Arrow.DataType.isInt(type)) return { kind: "int32", values: concat(Int32Array, parts.map(readValues)) };
  if (Arrow.DataType.isFloat(type))
    return type.precision === Arrow.Precision.DOUBLE
      ? { kind: "float64", values: concat(Float64Array, parts.map(readValues)) }
      : { kind: "float32", values: concat(Float32Array, parts.map(readValues)) };
  if (Arrow.DataType.isFixedSizeList(type))
    return {
      kind: "vector",
      dimension: type.listSize,
      values: concat(
        Float32Array,
        parts.map((part) => readValues(part.children[0]!)),
      ),
    };
  if (!Arrow.DataType.isList(type)) throw new DamagedArtifact(`a column of type ${type.toString()}`);
  const offsets = joinOffsets(parts);
  const values = parts.map((part) => readValues(part.children[0]!));
  return Arrow.DataType.isInt(type.children[0]!.type)
    ? { kind: "int32List", values: { offsets, values: concat(Int32Array, values) } }
    : { kind: "float32List", values: { offsets, values: concat(Float32Array, values) } };
}

/** Arrow pads buffers to 8 bytes; the values are the first `length`. */
const readValues = (data: Arrow.Data) => (data.values as Float32Array).subarray(0, data.length);

function readTexts(data: Arrow.Data): Array<string> {
  const values = data.values as Uint8Array;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Array.from({ length: data.length }, (_, i) =>
    bytes.toString("utf8", data.valueOffsets[i]!, data.valueOffsets[i + 1]!),
  );
}

function joinOffsets(parts: ReadonlyArray<Arrow.Data>): Int32Array {
  if (parts.length === 1) return parts[0]!.valueOffsets.subarray(0, parts[0]!.length + 1);
  const joined = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0) + 1);
  let row = 0;
  for (const part of parts) {
    const before = joined[row]!;
    for (let i = 1; i <= part.length; i++) joined[row + i] = before + part.valueOffsets[i]!;
    row += part.length;
  }
  return joined;
}

interface TypedArrayOf<Values> {
  new (length: number): Values;
}

/** One part is handed on as it is (sharing the file's memory), several are copied together. */
function concat<Values extends Float32Array | Float64Array | Int32Array>(
  Kind: TypedArrayOf<Values>,
  parts: ReadonlyArray<Float32Array | Float64Array | Int32Array>,
): Values {
  if (parts.length === 1) return parts[0] as Values;
  const joined = new Kind(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
