/** Every pooling on the record of PyTorch, on models of three architectures as transformers saved them. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
import { type FolderModel, readModelFolder } from "../../src/model/modelFolder.ts";
import type { BiEncoder, Pooling } from "../../src/nn/EncoderModel.ts";
import { poolingNames, poolingOf } from "../../src/nn/pooling.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";

const file = (name: string): Buffer => readFileSync(new URL(name, import.meta.url));
const json = (name: string): unknown => JSON.parse(file(name).toString());

// Cast: written by record_poolings.py in this shape.
const recorded = json("poolings.json") as {
  readonly paddedLength: number;
  readonly embeddings: { readonly [kind: string]: { readonly [pooling: string]: string } };
};
const floatsOf = (text: string) => new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);

const read = (kind: string) => async (name: string) => {
  try {
    return file(`architectures/${kind}/${name}`);
  } catch {
    return undefined;
  }
};
const biEncoder = ({ config, weights, tokenizer }: FolderModel, pooling: Pooling): BiEncoder => ({
  kind: "bi-encoder",
  config,
  weights: new Map([...weights].filter(([name]) => !name.startsWith("pooler."))),
  tokenizer: "",
  special: tokenizer.special,
  pooling,
  normalize: false,
  maxTokens: 40,
});

const engines = { onnx: new OnnxEngine({ threads: 1 }), cpu: new CpuEngine() };
afterAll(() => engines.onnx.close());

describe.each(Object.keys(recorded.embeddings))("a model of kind %s", (kind) => {
  it.each(poolingNames)("has the embeddings that PyTorch pools: %s", async (name) => {
    const model = await readModelFolder({ path: kind, read: read(kind) });
    const { texts } = json(`architectures/${kind}.numbers.json`) as { readonly texts: ReadonlyArray<Array<number>> };
    const pooling = poolingOf({ pooling: name, paddedLength: recorded.paddedLength });
    const expected = floatsOf(recorded.embeddings[kind]![name]!);
    for (const engine of Object.values(engines)) {
      const found = await encodeTokens(biEncoder(model, pooling), raggedFrom(texts), engine);
      expect(found.length).toBe(expected.length);
      // Sums of float32 in another order: 3e-6 is what states of these models come to, where they reach to 4.
      found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5));
    }
  });
});
