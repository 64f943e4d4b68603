/** Tensors as files of weights keep them, and as float32. */
import type { Float32Tensor } from "../nn/Weights.ts";

/** Type, by safetensors' name for it → bytes of one number. */
export const itemBytes: ReadonlyMap<string, number> = new Map([
  ...["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"].map((name) => [name, 1] as const),
  ...["I16", "U16", "F16", "BF16"].map((name) => [name, 2] as const),
  ...["I32", "U32", "F32"].map((name) => [name, 4] as const),
  ...["I64", "U64", "F64"].map((name) => [name, 8] as const),
]);

export interface StoredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: ReadonlyArray<number>;
  /** Row-major, lowest byte first. What is put together from strides is made when asked for. */
  readonly bytes: Uint8Array;
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
