/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header `{name: {dtype, shape, data_offsets}}`,
 * then the tensors' bytes without gaps. Reading checks all of it, since a cut or foreign file must not become weights.
 */
import type { Weights } from "../nn/Weights.ts";
import { ModelProblem } from "./ModelProblem.ts";
import { itemBytes, type StoredTensor } from "./StoredTensor.ts";

const maxHeaderBytes = 100_000_000;

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
