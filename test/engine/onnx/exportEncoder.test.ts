/** The exported ONNX model run by onnxruntime itself, beside our own inference. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { exportEncoder } from "../../../src/engine/onnx/exportEncoder.ts";
import { OnnxEngine } from "../../../src/engine/onnx/OnnxEngine.ts";
import { quantizedMatrix, quantizedRows } from "../../../src/engine/onnx/quantize.ts";
import { encodeTokens } from "../../../src/inference/encode.ts";
import { pairProbabilities } from "../../../src/inference/score.ts";
import { assemblePair, assembleSingle, type EncoderInput } from "../../../src/nn/assembleInput.ts";
import { raggedFrom, raggedRow } from "../../../src/nn/Ragged.ts";
import { tinyBiEncoder, tinyCrossEncoder } from "../../kit/exportedModels.ts";

const engine = new OnnxEngine({ threads: 1 });
afterAll(() => engine.close());

const ids = raggedFrom([[5, 6, 7, 8, 11], [], [9], [5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11], [10, 1]]);
const special = tinyBiEncoder.special;

/** Rows padded to the longest, with their mask, as loaders feed them. */
function feeds(rows: ReadonlyArray<EncoderInput>) {
  const length = Math.max(...rows.map((row) => row.ids.length));
  const dims = [rows.length, length];
  const flat = (of: (row: EncoderInput, column: number) => number) =>
    new Tensor("int64", BigInt64Array.from(rows.flatMap((row) => Array.from({ length }, (_, i) => BigInt(of(row, i))))), dims); // prettier-ignore
  return {
    input_ids: flat((row, i) => row.ids[i] ?? special.pad),
    attention_mask: flat((row, i) => (i < row.ids.length ? 1 : 0)),
    token_type_ids: flat((row, i) => row.types[i] ?? 0),
  };
}

const session = (bytes: Uint8Array) => InferenceSession.create(bytes, { intraOpNumThreads: 1 });

/** Mean over real tokens, unit length, as sentence-transformers' modules do. */
async function embed(bytes: Uint8Array, rows: ReadonlyArray<EncoderInput>): Promise<ReadonlyArray<number>> {
  const { last_hidden_state: output } = await (await session(bytes)).run(feeds(rows));
  const [batch, length, dim] = output!.dims as [number, number, number];
  expect(batch).toBe(rows.length);
  const hidden = output!.data as Float32Array;
  return rows.flatMap((row, i) => {
    const sums = Array.from({ length: dim }, (_, j) =>
      row.ids.reduce((sum, _id, token) => sum + hidden[(i * length + token) * dim + j]!, 0),
    );
    const size = Math.hypot(...sums);
    return sums.map((sum) => sum / size);
  });
}

const farthest = (one: ArrayLike<number>, other: ArrayLike<number>): number => {
  expect(one.length).toBe(other.length);
  return Array.from(one).reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
};

describe("exportEncoder", () => {
  const singles = [0, 1, 2, 3, 4].map((row) => assembleSingle(raggedRow(ids, row), special, tinyBiEncoder.maxTokens));

  it("gives a bi-encoder's embeddings, whatever the batch and its longest text", async () => {
    const own = await encodeTokens(tinyBiEncoder, ids, engine);
    const bytes = exportEncoder(tinyBiEncoder);
    expect(farthest(await embed(bytes, singles), own)).toBeLessThan(1e-5);
    const dim = tinyBiEncoder.config.hiddenSize;
    for (const row of [0, 1, 3])
      expect(farthest(await embed(bytes, [singles[row]!]), own.subarray(row * dim, (row + 1) * dim))).toBeLessThan(
        1e-5,
      );
  });

  it("declares the inputs and outputs that loaders look for", async () => {
    const { inputNames, outputNames, inputMetadata } = await session(exportEncoder(tinyBiEncoder));
    expect([inputNames, outputNames]).toEqual([
      ["input_ids", "attention_mask", "token_type_ids"],
      ["last_hidden_state"],
    ]);
    expect(inputMetadata[0]).toMatchObject({ type: "int64", shape: ["batch", "sequence"] });
    expect((await session(exportEncoder(tinyCrossEncoder))).outputNames).toEqual(["logits"]);
  });

  it("gives a cross-encoder's logits", async () => {
    const b = raggedFrom([[6], [5, 6, 7], [9, 9], [10, 10, 10, 10, 10, 10, 10, 10], []]);
    const own = await pairProbabilities(tinyCrossEncoder, { a: ids, b }, engine);
    const rows = [0, 1, 2, 3, 4].map((row) => assemblePair(raggedRow(ids, row), raggedRow(b, row), special, 10));
    const { logits } = await (await session(exportEncoder(tinyCrossEncoder))).run(feeds(rows));
    expect(logits!.dims).toEqual([5, 1]);
    const probabilities = Array.from(logits!.data as Float32Array, (logit) => 1 / (1 + Math.exp(-logit)));
    expect(farthest(probabilities, own)).toBeLessThan(1e-5);
  });

  it("stays near with 8-bit weights", async () => {
    const own = await encodeTokens(tinyBiEncoder, ids, engine);
    const embedded = await embed(exportEncoder(tinyBiEncoder, "int8"), singles);
    const dim = tinyBiEncoder.config.hiddenSize;
    for (let row = 0; row < 5; row++) {
      const cosine = own
        .subarray(row * dim, (row + 1) * dim)
        .reduce((sum, value, i) => sum + value * embedded[row * dim + i]!, 0);
      expect(cosine).toBeGreaterThan(0.99);
    }
  });

  it("gives the same bytes for the same model", () => {
    expect(exportEncoder(tinyBiEncoder)).toEqual(exportEncoder(tinyBiEncoder));
  });
});

describe("quantizedRows", () => {
  it("keeps the largest of each row at 127, and rows of zeros at zero", () => {
    const values = Float32Array.of(1, -2, 0.5, 0, 0, 0, 0.01, 0.02, -0.04);
    const quantized = quantizedRows({ shape: [3, 3], values });
    expect([...quantized.values]).toEqual([64, -127, 32, 0, 0, 0, 32, 64, -127]);
    expect([...quantized.scales].map((scale) => scale * 127)).toEqual(
      [2, 127, 0.04].map((scale) => expect.closeTo(scale, 6)),
    );
  });
});

describe("quantizedMatrix", () => {
  it("turns [out, in] into [in, out] around its zero point", () => {
    const { values, zeroPoint } = quantizedMatrix({ shape: [2, 3], values: Float32Array.of(1, 2, -4, 3, 0, 0) });
    expect([...values].map((value) => value - zeroPoint)).toEqual([32, 127, 64, 0, -127, 0]);
  });
});
