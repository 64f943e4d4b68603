/**
 * A protobuf writer, as much as ONNX files need. Messages are lists of byte pieces, joined once at the end, so that weights
 * are copied once however deep they sit.
 * Source: protobuf.dev, "Encoding".
 */
// Wire types.
const variableLength = 0;
const fixed32 = 5;
const lengthDelimited = 2;

const text = new TextEncoder();

export class Message {
  private readonly pieces: Array<Uint8Array> = [];
  private length = 0;

  /** Whole numbers, also negative ones (ten bytes, as int64). */
  int(field: number, value: number | bigint): this {
    return this.push(varint(field * 8 + variableLength)).push(varint(value));
  }

  float(field: number, value: number): this {
    return this.push(varint(field * 8 + fixed32)).push(new Uint8Array(new Float32Array([value]).buffer));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.push(varint(field * 8 + lengthDelimited))
      .push(varint(value.length))
      .push(value);
  }

  string(field: number, value: string): this {
    return this.bytes(field, text.encode(value));
  }

  message(field: number, value: Message): this {
    this.push(varint(field * 8 + lengthDelimited)).push(varint(value.length));
    for (const piece of value.pieces) this.push(piece);
    return this;
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  private push(piece: Uint8Array): this {
    this.pieces.push(piece);
    this.length += piece.length;
    return this;
  }
}

/** Seven bits a byte, lowest first; negative numbers as their 64-bit two's complement. */
function varint(value: number | bigint): Uint8Array {
  if (typeof value === "number" && value >= 0 && value < 128) return oneByte[value]!;
  const bytes: Array<number> = [];
  if (typeof value === "number" && value >= 0) {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    bytes.push(rest);
    return Uint8Array.from(bytes);
  }
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const oneByte = Array.from({ length: 128 }, (_, i) => Uint8Array.of(i));
