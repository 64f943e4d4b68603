/** How fast an engine is: a large matrix product, and one update of a small encoder. A second or two in all. */
import * as tf from "@tensorflow/tfjs-core";
import type { EngineShape } from "../../engine/Engine.ts";
import { initializeWeights, parameterSpecs } from "../../nn/parameters.ts";
import { raggedFrom } from "../../nn/Ragged.ts";
import { simCse } from "../../training/methods/simCse.ts";
import { scheduleOf } from "../../training/schedule.ts";
import { trainingLoop } from "../../training/trainingLoop.ts";
import { startFrom } from "../../training/trainingState.ts";
import type { ModelConfig } from "../../nn/EncoderModel.ts";

export interface Speed {
  readonly gigaflops: number;
  readonly stepMs: number;
}

export async function measureSpeed(engine: EngineShape): Promise<Speed> {
  return { gigaflops: await productSpeed(engine), stepMs: await stepTime(engine) };
}

const budgetMs = 300;

/** Of a large product, where it would end in time; a slow engine shows its speed with a small one. */
async function productSpeed(engine: EngineShape): Promise<number> {
  const [small, large] = [128, 1024];
  const speed = await speedOf(engine, small);
  return operations(large) / speed / 1e6 > budgetMs ? speed : speedOf(engine, large);
}

const operations = (size: number) => 2 * size ** 3;

async function speedOf(engine: EngineShape, size: number): Promise<number> {
  const shape = [size, size];
  const values = Float32Array.from({ length: size * size }, (_, i) => (i % 97) / 97 - 0.5);
  const { run } = await engine.compile({
    key: `product ${size}`,
    inputs: [
      { name: "a", shape, dtype: "float32" },
      { name: "b", shape, dtype: "float32" },
    ],
    // One number out, so that what is copied does not count.
    build: ({ a, b }) => ({ sum: tf.sum(tf.matMul(a!, b!)) }),
  });
  const best = await bestMs(async () => void (await run({ a: values, b: values })));
  return operations(size) / best / 1e6;
}

/** The best of what fits into the time; a first one, which loads and allocates, does not count. */
async function bestMs(work: () => Promise<void>): Promise<number> {
  await work();
  const began = performance.now();
  let best = Number.POSITIVE_INFINITY;
  do {
    const started = performance.now();
    await work();
    best = Math.min(best, performance.now() - started);
  } while (performance.now() - began < budgetMs);
  return best;
}

/** Small enough for the reference engine; what is measured is mostly the engine's own expense. */
const tiny: ModelConfig = {
  architecture: "bert",
  vocabSize: 3000,
  hiddenSize: 32,
  layers: 1,
  heads: 2,
  intermediateSize: 128,
  maxPositions: 64,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
};

/** Milliseconds of the fastest update after the first, which traces and allocates: SimCSE on 8 sentences of 14 tokens. */
async function stepTime(engine: EngineShape): Promise<number> {
  const special = { pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 };
  const tokenizer = "probe";
  const rows = Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: 12 }, (_, i) => 5 + ((row * 131 + i * 17) % 2900)),
  );
  const options = {
    temperature: 0.05,
    pooling: "mean" as const,
    batchSize: 8,
    learningRate: 1e-4,
    epochs: 50,
    warmupRatio: 0,
    weightDecay: 0,
    maxGradientNorm: 1,
    maxTokens: 16,
  };
  const weights = initializeWeights(parameterSpecs(tiny), 1);
  const model = { kind: "backbone" as const, config: tiny, weights, tokenizer, special };
  const method = simCse(model, { tokenizer, special, ids: raggedFrom(rows) }, options, 1);
  const schedule = scheduleOf(options, method.stepsPerEpoch);
  const began = performance.now();
  let best = Number.POSITIVE_INFINITY;
  let last = Number.NaN;
  for await (const _ of trainingLoop(
    method,
    engine,
    startFrom(method.start),
    schedule,
    options.maxGradientNorm,
    anything,
  )) {
    const now = performance.now();
    best = Math.min(best, Number.isNaN(last) ? best : now - last);
    last = now;
    if (now - began > budgetMs && best < Number.POSITIVE_INFINITY) break;
  }
  return best;
}

/** Nothing is watched: the numbers are never looked at. */
const anything = (): void => undefined;
