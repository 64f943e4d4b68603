/**
 * transformers.js, which does not come with the default install, loads what is exported. PIPELINE_TRANSFORMERS_JS names a folder
 * where `@xenova/transformers` (its 4.x line) is installed; without it the repository's own is tried.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replaceFolder } from "../../src/cli/replaceFolder.ts";
import { exportEncoder } from "../../src/engine/onnx/exportEncoder.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
import { pairProbabilities } from "../../src/inference/score.ts";
import { encodeTexts } from "../../src/model/encodeTexts.ts";
import { exportFiles } from "../../src/model/exportFiles.ts";
import type { EncoderModel } from "../../src/nn/EncoderModel.ts";
import { tinyBiEncoder, tinyCrossEncoder, tinyTokenizer } from "../kit/exportedModels.ts";

interface Numbers {
  readonly data: Float32Array;
}
type Loaded = (
  input: unknown,
  options?: object,
) => Promise<Numbers & { readonly logits: Numbers; readonly [name: string]: unknown }>;

/** What is used of the library. */
interface Library {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  readonly pipeline: (task: string, model: string, options: object) => Promise<Loaded>;
  readonly AutoTokenizer: { from_pretrained: (model: string) => Promise<(text: string, options: object) => unknown> };
  readonly AutoModelForSequenceClassification: {
    from_pretrained: (model: string, options: object) => Promise<Loaded>;
  };
}

function located(): string | undefined {
  const folder = process.env["PIPELINE_TRANSFORMERS_JS"];
  const from = folder === undefined ? import.meta.url : pathToFileURL(join(folder, "package.json")).href;
  for (const name of ["@xenova/transformers", "@huggingface/transformers"])
    try {
      return pathToFileURL(createRequire(from).resolve(name)).href;
    } catch {
      continue; // not installed under this name
    }
  console.warn("skipped: transformers.js is not installed (npm i @xenova/transformers@npm:@huggingface/transformers)");
  return undefined;
}

const location = located();
const folder = mkdtempSync(join(tmpdir(), "tandem-loaders-"));
const engine = new OnnxEngine({ threads: 1 });
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
const farthest = (one: ArrayLike<number>, other: ArrayLike<number>): number => {
  expect(one.length).toBe(other.length);
  return Array.from(one).reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
};

describe.skipIf(location === undefined)("transformers.js", () => {
  let library: Library;
  beforeAll(async () => {
    library = (await import(location!)) as Library;
    library.env.allowRemoteModels = false;
    library.env.localModelPath = `${folder}/`;
    write("bi", tinyBiEncoder);
    write("cross", tinyCrossEncoder);
  });

  it.each(["fp32", "q8"])("embeds with an exported bi-encoder (%s)", async (dtype) => {
    const encode = await library.pipeline("feature-extraction", "bi", { dtype });
    const { data } = await encode(texts, { pooling: "mean", normalize: true });
    const own = await encodeTokens(tinyBiEncoder, await encodeTexts(tinyTokenizer, texts), engine);
    expect(farthest(data, own)).toBeLessThan(dtype === "fp32" ? 1e-5 : 0.2);
  });

  it("scores with an exported cross-encoder", async () => {
    const tokenizer = await library.AutoTokenizer.from_pretrained("cross");
    const model = await library.AutoModelForSequenceClassification.from_pretrained("cross", { dtype: "fp32" });
    const [a, b] = ["The cat sleeps!", "猫 the"];
    const { logits } = await model(tokenizer(a, { text_pair: b }));
    const pair = { a: await encodeTexts(tinyTokenizer, [a]), b: await encodeTexts(tinyTokenizer, [b]) };
    const [own] = await pairProbabilities(tinyCrossEncoder, pair, engine);
    expect(Math.abs(1 / (1 + Math.exp(-logits.data[0]!)) - own!)).toBeLessThan(1e-5);
  });
});
