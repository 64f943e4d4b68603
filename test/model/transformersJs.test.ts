/** transformers.js, under the name `@xenova/transformers`, judges what is exported: it loads the folders and gives our ids and numbers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoModelForSequenceClassification, AutoTokenizer, env, pipeline } from "@xenova/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replaceFolder } from "../../src/cli/replaceFolder.ts";
import { exportEncoder } from "../../src/engine/onnx/exportEncoder.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
import { pairProbabilities } from "../../src/inference/score.ts";
import { encodeTexts } from "../../src/model/encodeTexts.ts";
import { exportFiles } from "../../src/model/exportFiles.ts";
import { assemblePair, assembleSingle } from "../../src/nn/assembleInput.ts";
import type { EncoderModel } from "../../src/nn/EncoderModel.ts";
import { type Ragged, raggedRow } from "../../src/nn/Ragged.ts";
import { tinyBiEncoder, tinyCrossEncoder, tinyTokenizer } from "../kit/exportedModels.ts";

const folder = mkdtempSync(join(tmpdir(), "tandem-loaders-"));
const engine = new OnnxEngine({ threads: 1 });

const biEncoders = (["mean", "cls"] as const).flatMap((pooling) =>
  [true, false].map((normalize) => ({
    name: `${pooling}${normalize ? "-unit" : ""}`,
    model: { ...tinyBiEncoder, pooling, normalize },
  })),
);

beforeAll(() => {
  env.allowRemoteModels = false;
  env.localModelPath = `${folder}/`;
  for (const { name, model } of biEncoders) write(name, model);
  write("cross", tinyCrossEncoder);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

const write = (name: string, model: EncoderModel) =>
  replaceFolder(join(folder, name), [
    ...exportFiles(model, tinyTokenizer),
    { name: "onnx/model.onnx", bytes: exportEncoder(model) },
    { name: "onnx/model_quantized.onnx", bytes: exportEncoder(model, "int8") },
  ]);

/** None beyond the longest input: there transformers.js cuts off the closing [SEP], whatever the model. */
const texts = ["The cat sleeps!", "", "猫 the the the the the the", "toString"];
/** No empty second text: transformers.js takes it for none. */
const pairs = [
  ["The cat sleeps!", "猫 the"],
  ["", "cat"],
  ["the the the", "sleeps sleeps"],
] as const;

/** float32 sums in another order; with 8-bit weights of width 16 there is little to average over. */
const tolerance = { fp32: 1e-5, q8: 0.2 } as const;
const precisions = ["fp32", "q8"] as const;

const farthest = (one: ArrayLike<number>, other: ArrayLike<number>): number => {
  expect(one.length).toBe(other.length);
  return Array.from(one).reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
};

const sideOf = (side: 0 | 1): Promise<Ragged> =>
  encodeTexts(
    tinyTokenizer,
    pairs.map((pair) => pair[side]),
  );

describe("transformers.js", () => {
  it("makes our ids of texts and of pairs", async () => {
    const tokenizer = await AutoTokenizer.from_pretrained("cross");
    const { special, maxTokens } = tinyCrossEncoder;
    const own = await encodeTexts(tinyTokenizer, texts);
    for (const [row, text] of texts.entries())
      expect(tokenizer.encode(text)).toEqual([...assembleSingle(raggedRow(own, row), special, maxTokens).ids]);
    const [a, b] = [await sideOf(0), await sideOf(1)];
    for (const [row, [one, other]] of pairs.entries()) {
      const { ids, types } = assemblePair(raggedRow(a, row), raggedRow(b, row), special, maxTokens);
      const found = tokenizer(one, { text_pair: other, return_tensor: false });
      expect([found.input_ids, found.token_type_ids]).toEqual([[...ids], [...types!]]);
    }
  });

  it.each(biEncoders.flatMap((each) => precisions.map((dtype) => ({ ...each, dtype }))))(
    "embeds with an exported bi-encoder ($name, $dtype)",
    async ({ name, model, dtype }) => {
      const encode = await pipeline("feature-extraction", name, { dtype });
      const { data } = await encode(texts, { pooling: model.pooling, normalize: model.normalize });
      const own = await encodeTokens(model, await encodeTexts(tinyTokenizer, texts), engine);
      const scale = Math.max(...own.map(Math.abs));
      expect(farthest(data as Float32Array, own)).toBeLessThan(tolerance[dtype] * Math.max(1, scale));
    },
  );

  it.each(precisions)("scores with an exported cross-encoder (%s)", async (dtype) => {
    const tokenizer = await AutoTokenizer.from_pretrained("cross");
    const model = await AutoModelForSequenceClassification.from_pretrained("cross", { dtype });
    const [a, b] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
    const { logits } = await model(tokenizer(a, { text_pair: b, padding: true }));
    const own = await pairProbabilities(tinyCrossEncoder, { a: await sideOf(0), b: await sideOf(1) }, engine);
    expect(farthest(logits.sigmoid().data, own)).toBeLessThan(tolerance[dtype]);
  });
});
