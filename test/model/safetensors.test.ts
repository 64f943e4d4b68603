import { describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/model/safetensors.ts";
import { toFloat32 } from "../../src/model/StoredTensor.ts";
import type { ModelProblem } from "../../src/model/ModelProblem.ts";

const weights = new Map([
  ["b", { shape: [2, 2], values: Float32Array.of(1, -2, 3.5, 0) }],
  ["a", { shape: [3], values: Float32Array.of(1e-30, NaN, Infinity) }],
  ["empty", { shape: [0, 4], values: new Float32Array(0) }],
]);

/** A file by hand: header and data as given. */
function fileOf(header: unknown, data: Uint8Array): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

const f32 = (begin: number, end: number) => ({ dtype: "F32", shape: [1], data_offsets: [begin, end] });

const message = (bytes: Uint8Array): string => {
  try {
    readSafetensors(bytes, "m.safetensors");
    return "accepted";
  } catch (error) {
    expect((error as ModelProblem).hint).toBeTruthy();
    return (error as Error).message;
  }
};

describe("safetensors", () => {
  it("reads back what was written", () => {
    const tensors = readSafetensors(writeSafetensors(weights, { format: "pt" }), "m");
    expect([...tensors.keys()].sort()).toEqual(["a", "b", "empty"]);
    for (const [name, tensor] of weights) expect(toFloat32(tensors.get(name)!)).toEqual(tensor);
  });

  it("writes equal bytes for equal weights in another order", () => {
    const reversed = new Map([...weights].toReversed());
    expect(Buffer.from(writeSafetensors(reversed)).equals(writeSafetensors(weights))).toBe(true);
  });

  it("reads from bytes at any address", () => {
    const file = writeSafetensors(weights);
    const shifted = new Uint8Array(file.length + 1).subarray(1);
    shifted.set(file);
    expect(toFloat32(readSafetensors(shifted, "m").get("b")!)).toEqual(weights.get("b"));
  });

  it("widens float16 and bfloat16 exactly", () => {
    // 1, -2, the smallest subnormal, the largest number, infinity
    const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00);
    const f16 = fileOf({ x: { dtype: "F16", shape: [5], data_offsets: [0, 10] } }, new Uint8Array(half.buffer));
    expect([...toFloat32(readSafetensors(f16, "m").get("x")!)!.values]).toEqual([1, -2, 2 ** -24, 65504, Infinity]);
    const brain = Uint16Array.of(0x3f80, 0xc000, 0x7f80);
    const bf16 = fileOf({ x: { dtype: "BF16", shape: [3], data_offsets: [0, 6] } }, new Uint8Array(brain.buffer));
    expect([...toFloat32(readSafetensors(bf16, "m").get("x")!)!.values]).toEqual([1, -2, Infinity]);
  });

  it("has no float32 form of other types", () => {
    const ids = fileOf({ x: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8));
    expect(toFloat32(readSafetensors(ids, "m").get("x")!)).toBeUndefined();
  });

  it("says what is wrong with a file", () => {
    const whole = writeSafetensors(weights);
    expect(message(new Uint8Array(3))).toBe("m.safetensors is not a safetensors file: its header length is 0");
    expect(message(whole.subarray(0, 20))).toMatch(
      /^m\.safetensors is cut short: its header has \d+ bytes, the file 20$/,
    );
    expect(message(whole.subarray(0, whole.length - 4))).toBe(
      "m.safetensors is cut short: its tensors need 28 bytes, 24 are there",
    );
    expect(message(Buffer.concat([whole, new Uint8Array(2)]))).toBe("m.safetensors: 2 bytes follow the last tensor");
    expect(message(fileOf("{nope", new Uint8Array(0)))).toBe(
      "m.safetensors is not a safetensors file: its header is no JSON object",
    );
    expect(message(fileOf({ x: f32(0, 4), y: f32(8, 12) }, new Uint8Array(12)))).toBe(
      "m.safetensors: there is a hole before tensor y",
    );
    expect(message(fileOf({ x: f32(0, 4), y: f32(2, 6) }, new Uint8Array(6)))).toBe(
      "m.safetensors: tensors overlap before tensor y",
    );
    expect(message(fileOf({ x: f32(0, 8) }, new Uint8Array(8)))).toBe(
      "m.safetensors: tensor x (F32 [1]) needs 4 bytes, its entry says 8",
    );
    expect(message(fileOf({ x: { ...f32(0, 4), dtype: "Q4" } }, new Uint8Array(4)))).toBe(
      "m.safetensors: tensor x has the unknown type Q4",
    );
    expect(message(fileOf({ x: { dtype: "F32" } }, new Uint8Array(4)))).toBe(
      "m.safetensors: the header's entry for x is malformed",
    );
  });
});
