/** Every method on every relative of BERT: both engines go the same way, and every parameter that is used learns. */
import { afterAll, describe, expect, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import type { EngineShape } from "../../src/engine/Engine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import type { ModelConfig } from "../../src/nn/EncoderModel.ts";
import { embeddingTables, headSpecs, initializeWeights } from "../../src/nn/parameters.ts";
import type { Method } from "../../src/training/Method.ts";
import { maskedLanguageModel } from "../../src/training/methods/maskedLanguageModel.ts";
import { simCse } from "../../src/training/methods/simCse.ts";
import { train } from "../../src/training/train.ts";
import { isWithoutEffect, makeMethods, tinyBackbone, tinyOptions, tinyTokens } from "./tinyModel.ts";

const onnx = new OnnxEngine({ maxSessions: 32 });
const cpu = new CpuEngine();
afterAll(() => onnx.close());

const roberta = { typeVocabSize: 1, paddingIndex: 1, pairForm: "roberta" } as const;
const relatives: ReadonlyArray<Partial<ModelConfig>> = [
  { architecture: "roberta", ...roberta, activation: "gelu_new" },
  { architecture: "distilbert", typeVocabSize: 0, classifierDropout: 0.2, activation: "relu" },
  { architecture: "electra", embeddingSize: 12, activation: "silu" },
];
const names = Object.keys(makeMethods());
const options = { ...tinyOptions, maxSteps: 3 };
const run = (method: Method, engine: EngineShape) =>
  train(method, engine, options, { report: () => {}, warn: () => {}, isInterrupted: () => false });

describe.each(relatives)("training a $architecture", (differences) => {
  it.each(names)("by %s goes the same way on both engines, and moves every parameter", async (name) => {
    const model = tinyBackbone(differences);
    const make = () => makeMethods(model)[name]!(1, 24);
    const [traced, eager] = [await run(make(), onnx), await run(make(), cpu)];
    traced.curve.series["loss"]!.forEach((loss, i) => expect(loss).toBeCloseTo(eager.curve.series["loss"]![i]!, 4));
    for (const [parameter, { values }] of traced.weights) {
      if (isWithoutEffect(name, parameter)) continue;
      const expected = eager.weights.get(parameter)!.values;
      const furthest = values.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0);
      expect(furthest, parameter).toBeLessThan(2e-4);
      expect(values, parameter).not.toEqual(make().start.get(parameter)!.values);
    }
  });
});

describe("a RoBERTa", () => {
  it("learns the rows of positions behind the padding's, and leaves those before alone", async () => {
    const model = tinyBackbone({ architecture: "roberta", ...roberta });
    // Weight decay would move all rows.
    const chosen = { ...options, weightDecay: 0, temperature: 0.05, pooling: "mean" } as const;
    const { weights } = await run(simCse(model, tinyTokens(24), chosen, 1), onnx);
    const [before, after] = [model.weights, weights].map((all) => all.get(embeddingTables.position)!);
    const moved = Array.from({ length: after!.shape[0]! }, (_, row) =>
      after!.values.subarray(16 * row, 16 * row + 16).some((value, i) => value !== before!.values[16 * row + i]),
    );
    expect(moved.slice(0, 6)).toEqual([false, false, true, true, true, true]);
    expect(after!.shape).toEqual([26, 16]);
  });
});

describe("pretrain-mlm", () => {
  it("starts from the head that came with the model", () => {
    const model = tinyBackbone();
    const head = initializeWeights(headSpecs(model.config, "mlm"), 99);
    const withHead = { ...model, weights: new Map([...model.weights, ...head]) };
    const startOf = (of: typeof model) =>
      maskedLanguageModel(of, tinyTokens(8), { ...options, maskRatio: 0.3 }, 1).start;
    for (const [name, tensor] of head) expect(startOf(withHead).get(name)).toBe(tensor);
    expect([...startOf(model).keys()]).toEqual([...startOf(withHead).keys()]);
  });
});
