import { afterAll, describe, expect, it } from "vitest";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { InferenceInterrupted } from "../../src/inference/batchRunner.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
import { scorePairs } from "../../src/inference/score.ts";
import { poolingNames, poolingOf } from "../../src/nn/pooling.ts";
import { raggedFrom, raggedRow, raggedRows } from "../../src/nn/Ragged.ts";
import { tinyBackbone, topicSentences } from "../training/tinyModel.ts";
import { loud, loudBiEncoder as biEncoder, loudCrossEncoder as crossEncoder } from "./loudModels.ts";

const onnx = new OnnxEngine();
afterAll(() => onnx.close());

const furthest = (a: Float32Array, b: Float32Array) =>
  a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), a.length === b.length ? 0 : Infinity);

describe.each(poolingNames)("encodeTokens with pooling %s", (name) => {
  const pooling = poolingOf({ pooling: name, paddedLength: 14 });
  const sentences = topicSentences(70);

  it("gives each sentence the embedding it has alone, in the caller's order", async () => {
    const together = await encodeTokens(biEncoder(pooling), sentences, onnx);
    for (const row of [0, 1, 37, 69]) {
      const alone = await encodeTokens(biEncoder(pooling), raggedFrom([raggedRow(sentences, row)]), onnx);
      expect(furthest(alone, together.slice(16 * row, 16 * (row + 1)))).toBeLessThan(1e-5);
    }
  });

  it("scales to unit length where the model says so", async () => {
    const scaled = await encodeTokens({ ...biEncoder(pooling), normalize: true }, sentences, onnx);
    const plain = await encodeTokens(biEncoder(pooling), sentences, onnx);
    for (let from = 0; from < plain.length; from += 16) {
      const length = Math.hypot(...plain.subarray(from, from + 16));
      const expected = plain.slice(from, from + 16).map((value) => value / length);
      expect(furthest(scaled.slice(from, from + 16), expected)).toBeLessThan(1e-6);
    }
  });
});

describe("encodeTokens", () => {
  it("cuts texts at the model's limit", async () => {
    const [cut, whole] = [raggedFrom([[7, 8, 9, 10, 11, 12]]), raggedFrom([[7, 8, 9]])];
    const model = biEncoder("mean", 5);
    expect(await encodeTokens(model, cut, onnx)).toEqual(await encodeTokens(model, whole, onnx));
  });

  it("cuts texts at a padded length, and counts padding up to it", async () => {
    const model = biEncoder(poolingOf({ pooling: "mean-with-padding", paddedLength: 5 }));
    const [long, cut, short] = [raggedFrom([[7, 8, 9, 10, 11, 12]]), raggedFrom([[7, 8, 9]]), raggedFrom([[7, 8]])];
    expect(await encodeTokens(model, long, onnx)).toEqual(await encodeTokens(model, cut, onnx));
    const [counted, real] = [
      await encodeTokens(model, short, onnx),
      await encodeTokens(biEncoder("mean"), short, onnx),
    ];
    expect(furthest(counted, real)).toBeGreaterThan(1e-2);
  });

  it("takes an empty text and no text at all", async () => {
    expect((await encodeTokens(biEncoder("mean"), raggedFrom([[]]), onnx)).every(Number.isFinite)).toBe(true);
    expect((await encodeTokens(biEncoder("mean"), raggedFrom([]), onnx)).length).toBe(0);
  });

  it("tells its progress, and stops between batches when asked", async () => {
    const seen: Array<readonly [number, number]> = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    await encodeTokens(biEncoder("cls"), topicSentences(70), onnx, { onProgress });
    expect(seen.at(-1)).toEqual([70, 70]);
    await expect(
      encodeTokens(biEncoder("cls"), topicSentences(70), onnx, { isInterrupted: () => true }),
    ).rejects.toThrow(InferenceInterrupted);
  });

  it("does not confuse the weights of two models of one shape", async () => {
    const other = { ...biEncoder("mean"), weights: loud(tinyBackbone({}, 6)).weights };
    const sentences = topicSentences(4);
    const [one, two] = [
      await encodeTokens(biEncoder("mean"), sentences, onnx),
      await encodeTokens(other, sentences, onnx),
    ];
    expect(furthest(one, two)).toBeGreaterThan(0.1);
  });
});

describe("scorePairs", () => {
  const pairs = { a: topicSentences(40, "a"), b: topicSentences(40, "b") };

  it("gives the cosine of a pair's embeddings, each distinct sentence encoded once", async () => {
    const same = { a: raggedFrom([[7, 8], [9], [7, 8]]), b: raggedFrom([[7, 8], [7, 8], [9]]) };
    let encoded = 0;
    const scores = await scorePairs(biEncoder("mean"), same, onnx, { onProgress: (_, total) => (encoded = total) });
    expect(encoded).toBe(2);
    expect(scores[0]).toBeCloseTo(1, 6);
    expect(scores[1]).toBe(scores[2]);
    expect(scores.every((score) => score >= -1 && score <= 1)).toBe(true);
  });

  it("gives a cross-encoder's probability of each pair as if scored alone", async () => {
    const scores = await scorePairs(crossEncoder, pairs, onnx);
    expect(scores.length).toBe(raggedRows(pairs.a));
    for (const row of [0, 39]) {
      const alone = { a: raggedFrom([raggedRow(pairs.a, row)]), b: raggedFrom([raggedRow(pairs.b, row)]) };
      expect((await scorePairs(crossEncoder, alone, onnx))[0]).toBeCloseTo(scores[row]!, 5);
    }
    expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
  });
});
