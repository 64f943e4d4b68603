/** A SimBERT training written down for record_simbert.py, made from our own method; dropout is off. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import { simBert } from "../../src/training/methods/simBert.ts";
import type { PreparedStep } from "../../src/training/Method.ts";
import { scheduleOf } from "../../src/training/schedule.ts";
import { numbers } from "../kit/engineRig.ts";
import { sequencesOf } from "../kit/stepGradients.ts";
import { wholeBatch } from "../kit/wholeBatch.ts";
import { special, tinyBackbone } from "../training/tinyModel.ts";

export const simbertOptions = {
  batchSize: 8,
  learningRate: 1e-3,
  epochs: 10,
  maxSteps: 20,
  warmupRatio: 0.1,
  schedule: "constant",
  optimizer: "adamw-transformers",
  weightDecay: 0.1,
  decayed: "all",
  maxGradientNorm: 1,
  maxTokens: 10,
  dropout: 0,
  scale: 30,
} as const;

/** Eleven groups of two to four sentences of 1 to 12 words: some are cut. */
const members = Array.from({ length: 11 }, (_, group) => 2 + (group % 3));
const groups = Int32Array.from(members.flatMap((count, group) => Array.from({ length: count }, () => group)));
const ids = raggedFrom(
  Array.from(groups, (_, row) =>
    Array.from(numbers(1 + ((row * 5) % 12), 70 + row), (value) => 5 + Math.floor(((value + 1) / 2) * 55)),
  ),
);

export const simbertMethod = () => {
  // Larger than fresh weights, so that every layer does something, and exact on every machine.
  const model = tinyBackbone();
  const weights = new Map(
    Array.from(model.weights, ([name, { shape, values }], salt) => {
      const [middle, width] = name.endsWith("LayerNorm.weight") ? [1, 0.25] : [0, 0.375];
      return [name, { shape, values: numbers(values.length, salt).map((value) => middle + width * value) }] as const;
    }),
  );
  return simBert({ ...model, weights }, { special, ids, groups }, simbertOptions, 3);
};

const base64 = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");

const rowsOf = ({ encodings: [{ batch }] }: PreparedStep) =>
  sequencesOf(batch).map(({ ids, types }) => ({ ids: [...ids], types: [...types] }));

export function simbertProblem() {
  const method = simbertMethod();
  const { config, start, optimizer } = method;
  const schedule = scheduleOf(simbertOptions, method.stepsPerEpoch);
  return {
    config,
    scale: simbertOptions.scale,
    weights: Object.fromEntries(
      [...start].map(([name, { shape, values }]) => [name, { shape, float32: base64(values) }]),
    ),
    optimizer,
    schedule,
    maxGradientNorm: simbertOptions.maxGradientNorm,
    steps: Array.from({ length: schedule.totalSteps }, (_, step) => ({ rows: rowsOf(wholeBatch(method, step)) })),
  };
}

export interface SimbertRecord {
  /** Loss, similarity, writing of every update, in float32 and in float64. */
  readonly losses: ReadonlyArray<readonly [number, number, number]>;
  readonly losses64: ReadonlyArray<readonly [number, number, number]>;
  readonly gradients: { readonly [name: string]: string };
  readonly weights: { readonly [name: string]: string };
}

/** Runs record_simbert.py. @param python has torch */
export const recordSimbert = (python: string): string =>
  execFileSync(python, [fileURLToPath(new URL("record_simbert.py", import.meta.url))], {
    input: JSON.stringify(simbertProblem()),
    maxBuffer: 1e9,
  }).toString();
