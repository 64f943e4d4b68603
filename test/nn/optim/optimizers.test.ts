import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { adamDefaults } from "../../../src/nn/optim/adam.ts";
import { adamWDefaults } from "../../../src/nn/optim/adamW.ts";
import { clipCoefficient, globalNorm } from "../../../src/nn/optim/clipByGlobalNorm.ts";
import { decayGroups } from "../../../src/nn/optim/decayGroups.ts";
import { type Gradients, sumRows } from "../../../src/nn/optim/Gradient.ts";
import {
  initialOptimizerState,
  type OptimizerOptions,
  type OptimizerState,
  updateParameters,
} from "../../../src/nn/optim/Optimizer.ts";
import { rmsPropDefaults } from "../../../src/nn/optim/rmsProp.ts";
import { sgdDefaults } from "../../../src/nn/optim/sgd.ts";

const decay = (weightDecay: number) => ({ weightDecay, decays: decayGroups.all });

/** By the name of the record. */
const optimizers: { readonly [name: string]: OptimizerOptions } = {
  adamw: { ...adamWDefaults.pytorch, ...decay(0.25) },
  "adamw-transformers": { ...adamWDefaults.transformers, ...decay(0.25) },
  adam: { ...adamDefaults, ...decay(0) },
  "adam with decay": { ...adamDefaults, ...decay(0.25) },
  rmsprop: { ...rmsPropDefaults.pytorch, ...decay(0) },
  "rmsprop with decay": { ...rmsPropDefaults.pytorch, ...decay(0.25) },
  "rmsprop-keras": { ...rmsPropDefaults.keras, ...decay(0) },
  sgd: { ...sgdDefaults, ...decay(0) },
  "sgd with decay": { ...sgdDefaults, ...decay(0.25) },
  "sgd with momentum": { ...sgdDefaults, momentum: 0.75, ...decay(0.25) },
  "sgd with Nesterov's momentum": { ...sgdDefaults, momentum: 0.75, nesterov: true, ...decay(0) },
};

interface OptimizerRecord {
  readonly start: ReadonlyArray<number>;
  readonly gradients: ReadonlyArray<ReadonlyArray<number>>;
  readonly rates: ReadonlyArray<number>;
  readonly values: { readonly [name: string]: ReadonlyArray<ReadonlyArray<number>> };
}
const record = JSON.parse(
  readFileSync(new URL("../../golden/optimizers.json", import.meta.url), "utf8"),
) as OptimizerRecord;

/** One update of one number. */
function updated(options: OptimizerOptions, from: number, gradient: number, learningRate: number): number {
  const parameters = new Map([["w", Float32Array.of(from)]]);
  updateParameters(
    parameters,
    new Map([["w", Float32Array.of(gradient)]]),
    initialOptimizerState(),
    options,
    learningRate,
  );
  return parameters.get("w")![0]!;
}

describe("a first step of 1 by a gradient of 0.5", () => {
  // float32 near 1 is 6e-8 apart.
  it.each([
    ["adamw", { ...adamWDefaults.pytorch, ...decay(0.01) }, 2e-5, 0.9999798000004],
    ["adamw-transformers", { ...adamWDefaults.transformers, ...decay(0.01) }, 2e-5, 0.999979801268831],
    ["rmsprop-keras", { ...rmsPropDefaults.keras, ...decay(0) }, 1e-5, 0.999968377243398],
    ["rmsprop", { ...rmsPropDefaults.pytorch, ...decay(0) }, 1e-5, 0.99990000002],
  ] as ReadonlyArray<readonly [string, OptimizerOptions, number, number]>)(
    "is the worked number: %s",
    (_, options, learningRate, after) => {
      expect(updated(options, 1, 0.5, learningRate)).toBe(Math.fround(after));
    },
  );
});

const smallStep = (form: "pytorch" | "transformers") =>
  updated({ ...adamWDefaults[form], epsilon: 1e-6, ...decay(0) }, 0, 1e-6, 1);

describe("the forms of AdamW", () => {
  it("differ where gradients are as small as ε", () => {
    expect(smallStep("pytorch")).toBeCloseTo(-1e-6 / (1e-6 + 1e-6), 6);
    // ε outside: √v is (1e-6)√0.001 before its correction
    const root = 1e-6 * Math.sqrt(0.001);
    expect(smallStep("transformers")).toBeCloseTo((-Math.sqrt(0.001) * 1e-6) / (root + 1e-6), 6);
  });
});

describe.each(Object.entries(optimizers))("%s", (name, options) => {
  it("goes the recorded way for twenty updates", () => {
    const parameters = new Map([["w", Float32Array.from(record.start)]]);
    const state = initialOptimizerState();
    record.gradients.forEach((gradient, step) => {
      // A gradient of twice the size, halved by clipping.
      const doubled = Float32Array.from(gradient, (value) => 2 * value);
      updateParameters(parameters, new Map([["w", doubled]]), state, options, record.rates[step]!, 0.5);
      // Values up to 1 and what is remembered are rounded to float32 at each of 20 updates, 6e-8 at most.
      record.values[name]![step]!.forEach((value, i) => expect(parameters.get("w")![i]).toBeCloseTo(value, 6));
    });
    expect(state.step).toBe(20);
  });

  it("gives row gradients the bits of dense ones", () => {
    const [rows, dim] = [7, 3];
    const start = Float32Array.from({ length: rows * dim }, (_, i) => Math.sin(i + 1));
    const dense = new Map([["table", start.slice()]]);
    const sparse = new Map([["table", start.slice()]]);
    const states = [initialOptimizerState(), initialOptimizerState()] as const;
    for (const touched of [[1, 4], [4], [], [0, 6], [1]]) {
      const values = Float32Array.from({ length: touched.length * dim }, (_, i) => Math.cos(i));
      const full = new Float32Array(rows * dim);
      touched.forEach((row, i) => full.set(values.subarray(i * dim, (i + 1) * dim), row * dim));
      updateParameters(dense, new Map([["table", full]]), states[0], options, 1e-2, 0.7);
      const rowGradient = { rows: Int32Array.from(touched), values, tableRows: rows };
      updateParameters(sparse, new Map([["table", rowGradient]]), states[1], options, 1e-2, 0.7);
      expect(sparse.get("table")).toEqual(dense.get("table"));
    }
    expect(slotsOf(states[1])).toEqual(slotsOf(states[0]));
  });
});

const slotsOf = ({ memory }: OptimizerState) => memory.get("table")!.slots;

describe("decayGroups", () => {
  it("leave biases and LayerNorm without decay, or nothing", () => {
    const names = [
      "encoder.layer.0.output.dense.weight",
      "embeddings.word_embeddings.weight",
      "encoder.layer.0.output.dense.bias",
      "embeddings.LayerNorm.weight",
    ];
    expect(names.map(decayGroups.weights)).toEqual([true, true, false, false]);
    expect(names.map(decayGroups.all)).toEqual([true, true, true, true]);
    const parameters = new Map(names.map((name) => [name, Float32Array.of(1)]));
    const gradients = new Map(names.map((name) => [name, Float32Array.of(0)]));
    const options = { ...adamWDefaults.pytorch, weightDecay: 0.5, decays: decayGroups.weights };
    updateParameters(parameters, gradients, initialOptimizerState(), options, 0.5);
    expect(names.map((name) => parameters.get(name)![0])).toEqual([0.75, 0.75, 1, 1]);
  });
});

describe("sumRows", () => {
  it("adds up the occurrences of a row and skips those that only fill", () => {
    const { rows, values } = sumRows(Int32Array.of(5, 2, 5, -1), Float32Array.of(1, 2, 3, 4, 10, 20, 9, 9), 2, 8);
    expect(rows).toEqual(Int32Array.of(2, 5));
    expect(values).toEqual(Float32Array.of(3, 4, 11, 22));
  });
});

describe("clipByGlobalNorm", () => {
  it("gives the worked coefficient and never enlarges", () => {
    const gradients: Gradients = new Map([["w", Float32Array.of(3, 4)]]);
    const coefficient = clipCoefficient(globalNorm(gradients), 1);
    expect(3 * coefficient).toBeCloseTo(0.59999988, 8);
    expect(4 * coefficient).toBeCloseTo(0.79999984, 8);
    expect(clipCoefficient(0.5, 1)).toBe(1);
    expect(clipCoefficient(50, 0)).toBe(1);
  });

  it("counts every gradient, rows of tables included", () => {
    const gradients: Gradients = new Map<
      string,
      Float32Array | { rows: Int32Array; values: Float32Array; tableRows: number }
    >([
      ["w", Float32Array.of(1, 1, 1, 1, 1)],
      ["table", { rows: Int32Array.of(3), values: Float32Array.of(2), tableRows: 4 }],
    ]);
    expect(globalNorm(gradients)).toBe(3);
  });
});
