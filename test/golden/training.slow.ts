/**
 * Real weights and real pairs against live PyTorch: the gradient of every parameter, and the losses of twenty updates, without
 * dropout. PIPELINE_BENCH_PYTHON names a Python that has torch and transformers. Measured: gradients up to 3.1e-6 from float64
 * (PyTorch's float32: 3.0e-6), losses up to 1.4e-6 from PyTorch's float32.
 */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import loadModel from "../../stages/load-model.ts";
import readPairs from "../../stages/read-pairs.ts";
import tokenizePairs from "../../stages/tokenize-pairs.ts";
import type { TokenPairs } from "../../src/artifact/values.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import type { BiEncoder } from "../../src/nn/EncoderModel.ts";
import { biEncoder } from "../../src/training/methods/biEncoder.ts";
import { crossEncoder } from "../../src/training/methods/crossEncoder.ts";
import { simCse } from "../../src/training/methods/simCse.ts";
import { train } from "../../src/training/train.ts";
import { relativeError } from "../kit/engineRig.ts";
import { firstGradients } from "../kit/stepGradients.ts";
import { modelFiles, runStage, sourceFile } from "../stages/runStage.ts";
import { sharedData } from "./sharedData.ts";
import { floatsOf, problemOf, recordIn, type TrainingCase } from "./trainingProblem.ts";

const folder = sharedData("models/all-MiniLM-L6-v2");
const pairsFile = sharedData("sts/stsb-train.tsv");
const python = process.env["PIPELINE_BENCH_PYTHON"];
const hasPython = python !== undefined && existsSync(python);
if (!hasPython) console.warn("skipped: PIPELINE_BENCH_PYTHON names no Python with torch and transformers");

/** A temperature above the published one: without dropout both views are equal, and at 0.05 the loss is all but 0. */
const shared = { epochs: 1, maxSteps: 20, maxGradientNorm: 1, dropout: 0, temperature: 0.2 };
const engine = new OnnxEngine();
afterAll(() => engine.close());

interface Real {
  readonly model: BiEncoder;
  readonly pairs: TokenPairs;
  readonly gold: Float32Array;
}

async function loadReal(): Promise<Real> {
  const { encoder, tokenizer } = await runStage(loadModel, {
    config: { source: folder },
    files: { source: modelFiles(folder!) },
  });
  const { pairs, gold } = await runStage(readPairs, {
    config: { path: pairsFile },
    files: { path: [sourceFile(pairsFile!)] },
  });
  const { tokens } = await runStage(tokenizePairs, {
    inputs: { tokenizer: ["Tokenizer", tokenizer], pairs: ["Pairs", pairs] },
  });
  return { model: encoder, pairs: tokens, gold: Float32Array.from(gold.scores, (score) => score / 5) };
}

/** The stages' published settings, but for a warm-up and a decay everywhere. */
const cases: { readonly [name: string]: (real: Real) => TrainingCase } = {
  "simcse-cls": ({ model, pairs }) => {
    const options = {
      ...shared,
      batchSize: 32,
      learningRate: 3e-5,
      warmupRatio: 0.2,
      weightDecay: 0.01,
      maxTokens: 32,
    };
    const sentences = { tokenizer: pairs.tokenizer, special: pairs.special, ids: pairs.a };
    const method = simCse(model, sentences, { ...options, pooling: "cls", projection: true }, 1);
    return { method, options, loss: "infoNce", pooling: "cls", projection: true };
  },
  "cross-encoder": ({ model, pairs, gold }) => {
    const options = {
      ...shared,
      batchSize: 32,
      learningRate: 2e-5,
      warmupRatio: 0.1,
      weightDecay: 0.01,
      maxTokens: 64,
    };
    const scores = { pairs: pairs.pairs, range: "probability" as const, values: gold };
    const method = crossEncoder(model, pairs, scores, { ...options, labels: "cosine-raw", bothOrders: true }, 1);
    return { method, options, loss: "softBinaryCrossEntropy", pooling: "cls", projection: false };
  },
  "bi-encoder": ({ model, pairs, gold }) => {
    const options = {
      ...shared,
      batchSize: 32,
      learningRate: 5e-5,
      warmupRatio: 0.2,
      weightDecay: 0.01,
      maxTokens: 32,
    };
    const scores = { pairs: pairs.pairs, range: "probability" as const, values: gold };
    const method = biEncoder(model, pairs, scores, "mean", options, 1);
    return { method, options, loss: "cosineRegression", pooling: "mean", projection: false };
  },
};

describe.skipIf(folder === undefined || pairsFile === undefined || !hasPython)("all-MiniLM-L6-v2 on real pairs", () => {
  let real: Real;
  beforeAll(async () => {
    real = await loadReal();
  }, 300_000);

  it.each(Object.keys(cases))("is trained as PyTorch trains it: %s", async (name) => {
    const each = cases[name]!(real);
    const record = recordIn(python!, problemOf(each, { folder: folder!, keepsWeights: false, float64Updates: 1 }));
    const { loss, gradients } = await firstGradients(each.method, engine);
    expect(Math.abs(loss - record.losses64[0]!) / record.losses64[0]!).toBeLessThan(1e-5);
    const errors = [...gradients]
      .filter(([parameter]) => !parameter.endsWith("attention.self.key.bias"))
      .map(([parameter, gradient]) => ({
        parameter,
        error: relativeError(gradient, floatsOf(record.gradients[parameter]!), 0),
        errorOfPyTorch: record.errorsOfFloat32[parameter]!,
      }))
      .sort((a, b) => b.error - a.error);
    console.table(errors.slice(0, 5));
    const watcher = { report: () => {}, warn: () => {}, isInterrupted: () => false };
    const { curve } = await train(each.method, engine, each.options, watcher);
    const apart = record.losses.map((value, i) => Math.abs(curve.series["loss"]![i]! - value) / value);
    console.log(`losses ${record.losses.map((value) => value.toFixed(4)).join(" ")}; farthest ${Math.max(...apart)}`);
    expect(errors[0]!.error, errors[0]!.parameter).toBeLessThan(1e-5);
    expect(Math.max(...apart)).toBeLessThan(1e-5);
  });
});
