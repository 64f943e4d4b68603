/** Real weights: embeddings as sentence-transformers makes them, and the published scores of the start. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Engine } from "../../src/engine/Engine.ts";
import { layerEngine } from "../../src/engine/layer.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
import { encodeTexts } from "../../src/model/encodeTexts.ts";
import { defaultLayoutPolicy, paddedLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import evaluateSts from "../../stages/evaluate-sts.ts";
import loadModel from "../../stages/load-model.ts";
import readPairs from "../../stages/read-pairs.ts";
import tokenizePairs from "../../stages/tokenize-pairs.ts";
import { hiddenStates } from "../kit/encoderOutputs.ts";
import { modelFiles, runStage, sourceFile } from "../stages/runStage.ts";
import { sharedData } from "./sharedData.ts";

const modelFolder = sharedData("models/all-MiniLM-L6-v2");
const stsFolder = sharedData("sts");

const load = (maxTokens?: number) =>
  runStage(loadModel, {
    config: { source: modelFolder, ...(maxTokens === undefined ? {} : { maxTokens }) },
    files: { source: modelFiles(modelFolder!) },
  });

interface Recorded {
  readonly maxTokens: number;
  readonly rows: number;
  readonly dimension: number;
  readonly float32: string;
}

interface Hidden {
  readonly ids: ReadonlyArray<ReadonlyArray<number>>;
  readonly types: ReadonlyArray<ReadonlyArray<number>>;
  readonly float32: string;
}

const layer = layerEngine({ engine: "onnx", device: "cpu" });

const here = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

describe("all-MiniLM-L6-v2", () => {
  it.skipIf(modelFolder === undefined)("embeds as sentence-transformers does, to 1e-5", async () => {
    const recorded = JSON.parse(here("all-MiniLM-L6-v2.embeddings.json")) as Recorded;
    const expected = new Float32Array(Uint8Array.from(Buffer.from(recorded.float32, "base64")).buffer);
    const sentences = here("sentences.txt").split("\n").slice(0, recorded.rows);
    const { encoder, tokenizer } = await load();
    expect([encoder.pooling, encoder.maxTokens]).toEqual(["mean", recorded.maxTokens]);
    const ids = await encodeTexts(tokenizer, sentences);
    const embeddings = await Effect.runPromise(
      Effect.gen(function* () {
        const engine = yield* Engine;
        return yield* Effect.promise(() => encodeTokens(encoder, ids, engine));
      }).pipe(Effect.provide(layer)),
    );
    expect(embeddings.length).toBe(expected.length);
    const worst = embeddings.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
    expect(worst).toBeLessThan(1e-5);
  });

  it.skipIf(modelFolder === undefined)("has the hidden states of transformers, to 1e-4", async () => {
    const recorded = JSON.parse(here("all-MiniLM-L6-v2.hidden.json")) as Hidden;
    const expected = new Float32Array(Uint8Array.from(Buffer.from(recorded.float32, "base64")).buffer);
    const { encoder } = await load();
    const sequences = recorded.ids.map((ids, i) => ({ ids: Int32Array.from(ids), types: Int32Array.from(recorded.types[i]!) })); // prettier-ignore
    const onnx = new OnnxEngine();
    for (const policy of [defaultLayoutPolicy, paddedLayoutPolicy]) {
      const found = await hiddenStates(onnx, encoder, sequences, policy);
      expect(found.length).toBe(expected.length);
      const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
      console.log(`hidden states differ by ${worst} at most`);
      expect(worst).toBeLessThan(1e-4);
    }
    await onnx.close();
  });

  const published = {
    sts12: 72.59,
    sts13: 80.64,
    sts14: 75.52,
    sts15: 85.28,
    "stsb-test": 81.8,
    "sickr-dev": 79.8,
  };

  it.skipIf(modelFolder === undefined || stsFolder === undefined)(
    "scores as expected with mean pooling and at most 32 tokens",
    async () => {
      const names = Object.keys(published);
      const { encoder, tokenizer } = await load(32);
      const { pairs, gold } = await runStage(readPairs, {
        config: { folder: stsFolder, names },
        files: { folder: names.map((name) => sourceFile(`${stsFolder}/${name}.tsv`)) },
      });
      const { tokens } = await runStage(tokenizePairs, {
        inputs: { tokenizer: ["Tokenizer", tokenizer], pairs: ["Pairs", pairs] },
      });
      const { metrics } = await runStage(evaluateSts, {
        inputs: { encoder: ["BiEncoder", encoder], pairs: ["TokenPairs", tokens], gold: ["Gold", gold] },
        engine: Layer.orDie(layer),
      });
      console.log(metrics.rows.map((row) => `${row.name} ${row.value.toFixed(3)}`).join("\n"));
      const found = new Map(metrics.rows.map((row) => [row.name, row.value]));
      for (const [name, score] of Object.entries(published))
        expect(Math.abs(found.get(name)! - score), name).toBeLessThan(0.05);
    },
  );
});
