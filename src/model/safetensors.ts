/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header `{name: {dtype, shape, data_offsets}}`,
 * then the tensors' bytes without gaps. Reading checks all of it, since a cut or foreign file must not become weights.
 */
import type { Float32Tensor, Weights } from "../nn/Weights.ts";
import { ModelProblem } from "./ModelProblem.ts";

/** Type → bytes of one number. */
const itemBytes: ReadonlyMap<string, number> = new Map([
  ...["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"].map((name) => [name, 1] as const),
  ...["I16", "U16", "F16", "BF16"].map((name) => [name, 2] as const),
  ...["I32", "U32", "F32"].map((name) => [name, 4] as const),
  ...["I64", "U64", "F64"].map((name) => [name, 8] as const),
]);
const maxHeaderBytes = 100_000_000;

export interface StoredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: ReadonlyArray<number>;
  readonly bytes: Uint8Array;
}

/**
 * The tensors of a file, as stored.
 *
 * @throws ModelProblem naming `path` and what is wrong: cut short, not this format, a dtype or size that does not fit, holes, overlaps.
 */
export function readSafetensors(bytes: Uint8Array, path: string): ReadonlyMap<string, StoredTensor> {
  const { header, dataStart } = readHeader(bytes, path);
  const data = bytes.subarray(dataStart);
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  const tensors = entries.map(([name, entry]) => readEntry(name, entry, path));
  checkLayout(tensors, data.length, path);
  return new Map(
    tensors.map(({ begin, end, ...tensor }) => [tensor.name, { ...tensor, bytes: data.subarray(begin, end) }]),
  );
}

/** Whatever breaks the format: no setting of ours can mend the file. */
const damaged = (path: string, message: string): ModelProblem =>
  new ModelProblem(path, message, "fetch the file again, or save the model again with save_pretrained");

function readHeader(bytes: Uint8Array, path: string) {
  const size = bytes.length < 8 ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (size < 2 || size > maxHeaderBytes)
    throw damaged(path, `${path} is not a safetensors file: its header length is ${size}`);
  if (8 + size > bytes.length)
    throw damaged(path, `${path} is cut short: its header has ${size} bytes, the file ${bytes.length}`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + 8, size).toString("utf8");
  const header = parseJsonObject(text);
  if (header === undefined) throw damaged(path, `${path} is not a safetensors file: its header is no JSON object`);
  return { header, dataStart: 8 + size };
}

function parseJsonObject(text: string): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: ReadonlyArray<number>;
  readonly begin: number;
  readonly end: number;
}

const isWholeNumbers = (list: unknown): list is Array<number> =>
  Array.isArray(list) && list.every((number) => Number.isSafeInteger(number) && number >= 0);

function readEntry(name: string, value: unknown, path: string): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as { [key: string]: unknown };
  if (typeof dtype !== "string" || !isWholeNumbers(shape) || !isWholeNumbers(offsets) || offsets.length !== 2)
    throw damaged(path, `${path}: the header's entry for ${name} is malformed`);
  const size = itemBytes.get(dtype);
  if (size === undefined) throw damaged(path, `${path}: tensor ${name} has the unknown type ${dtype}`);
  const [begin, end] = offsets as [number, number];
  const wanted = shape.reduce((product, dimension) => product * dimension, size);
  if (end - begin !== wanted)
    throw damaged(
      path,
      `${path}: tensor ${name} (${dtype} [${shape.join(", ")}]) needs ${wanted} bytes, its entry says ${end - begin}`,
    );
  return { name, dtype, shape, begin, end };
}

/** Tensors lie one after the other from the first byte to the last. */
function checkLayout(tensors: ReadonlyArray<Entry>, dataBytes: number, path: string): void {
  let at = 0;
  for (const tensor of [...tensors].sort((one, other) => one.begin - other.begin || one.end - other.end)) {
    if (tensor.begin !== at)
      throw damaged(
        path,
        `${path}: ${tensor.begin < at ? "tensors overlap" : "there is a hole"} before tensor ${tensor.name}`,
      );
    at = tensor.end;
  }
  if (at > dataBytes) throw damaged(path, `${path} is cut short: its tensors need ${at} bytes, ${dataBytes} are there`);
  if (at < dataBytes) throw damaged(path, `${path}: ${dataBytes - at} bytes follow the last tensor`);
}

/** A tensor as float32, from F32, F16 or BF16; undefined for other types. Shares memory where it can. */
export function toFloat32(tensor: StoredTensor): Float32Tensor | undefined {
  const { shape, bytes, dtype } = tensor;
  if (dtype === "F32") return { shape, values: new Float32Array(...aligned(bytes, 4)) };
  if (dtype === "BF16") return { shape, values: fromBfloat16(new Uint16Array(...aligned(bytes, 2))) };
  if (dtype === "F16") return { shape, values: fromFloat16(new Uint16Array(...aligned(bytes, 2))) };
  return undefined;
}

/** The arguments of a typed array over `bytes`, copied where the address does not suit it. */
function aligned(bytes: Uint8Array, size: number): [ArrayBuffer, number, number] {
  const own = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes); // a Buffer's own slice would not copy
  return [own.buffer as ArrayBuffer, own.byteOffset, own.byteLength / size];
}

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
  return new Float32Array(words.buffer);
}

function fromFloat16(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const size =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Infinity
            : Number.NaN
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    values[i] = half & 0x8000 ? -size : size;
  }
  return values;
}

/** The bytes of a file that holds `weights` as F32, sorted by name: equal weights give equal bytes. */
export function writeSafetensors(weights: Weights, metadata: { readonly [key: string]: string } = {}): Uint8Array {
  const names = [...weights.keys()].sort();
  let at = 0;
  const entries = names.map((name): [string, object] => {
    const { shape, values } = weights.get(name)!;
    return [name, { dtype: "F32", shape, data_offsets: [at, (at += values.length * 4)] }];
  });
  const text = JSON.stringify(Object.fromEntries([["__metadata__", metadata], ...entries]));
  const headerBytes = Math.ceil(Buffer.byteLength(text) / 8) * 8;
  const file = Buffer.alloc(8 + headerBytes + at, " ");
  file.writeBigUInt64LE(BigInt(headerBytes), 0);
  file.write(text, 8);
  let start = 8 + headerBytes;
  for (const name of names) {
    const { values } = weights.get(name)!;
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start);
    start += values.byteLength;
  }
  return file;
}
