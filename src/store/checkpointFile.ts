/**
 * A checkpoint as a file: safetensors, with the fingerprint and the facts in its metadata, so that any reader of that format
 * can look into it. Made of parts that share the memory of the arrays: a training's state is several times its model, and is
 * written without a copy. Little-endian, as every machine that runs Node on a server is.
 */
import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../core/canonicalJson.ts";
import type { Checkpoint, CheckpointTensor } from "../core/Checkpoints.ts";

const types = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array } as const;
type TypeName = keyof typeof types;

const typeNameOf = (values: CheckpointTensor): TypeName =>
  (Object.keys(types) as ReadonlyArray<TypeName>).find((name) => values instanceof types[name])!;

/** Equal checkpoints give equal bytes. The parts are views of the tensors. */
export function encodeCheckpoint(fingerprint: string, { done, facts, tensors }: Checkpoint): ReadonlyArray<Uint8Array> {
  const header: { [name: string]: Json } = {
    __metadata__: { done: String(done), facts: canonicalJson(facts), fingerprint },
  };
  const views: Array<Uint8Array> = [];
  let at = 0;
  for (const [name, values] of tensors) {
    const end = at + values.byteLength;
    header[name] = { dtype: typeNameOf(values), shape: [values.length], data_offsets: [at, end] };
    views.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    at = end;
  }
  const text = Buffer.from(canonicalJson(header));
  const start = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, " ");
  start.writeBigUInt64LE(BigInt(start.length - 8));
  text.copy(start, 8);
  return [start, ...views];
}

interface Header {
  readonly __metadata__: { readonly done: string; readonly facts: string; readonly fingerprint: string };
  readonly [name: string]: unknown;
}

interface Entry {
  readonly dtype: TypeName;
  readonly data_offsets: readonly [number, number];
}

/** Of bytes that fit their digest, and so were written by `encodeCheckpoint`; undefined where they are another fingerprint's. */
export function decodeCheckpoint(bytes: Buffer, fingerprint: string): Checkpoint | undefined {
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.toString("utf8", 8, dataStart)) as Header;
  if (metadata.fingerprint !== fingerprint) return undefined;
  const inOrder = (Object.entries(entries) as Array<[string, Entry]>).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  const tensors = inOrder.map(
    ([
      name,
      {
        dtype,
        data_offsets: [begin, end],
      },
    ]) => {
      // A copy: aligned, and the file's memory goes when all are read.
      const own = new Uint8Array(end - begin);
      own.set(bytes.subarray(dataStart + begin, dataStart + end));
      return [name, new types[dtype](own.buffer)] as const;
    },
  );
  return {
    done: Number(metadata.done),
    facts: JSON.parse(metadata.facts) as Checkpoint["facts"],
    tensors: new Map(tensors),
  };
}

/** OpenSSL takes at most 2 GiB at once. */
const hashedAtOnce = 1 << 30;

/** sha256 of parts in a row, 64 hexadecimal digits. */
export function digestOfParts(parts: ReadonlyArray<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const part of parts)
    for (let at = 0; at < part.length; at += hashedAtOnce) hash.update(part.subarray(at, at + hashedAtOnce));
  return hash.digest("hex");
}
