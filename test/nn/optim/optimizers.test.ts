import { describe, expect, it } from "vitest";
import { adamW, adamWDefaults, decaysByDefault, initialAdamWState } from "../../../src/nn/optim/adamW.ts";
import { clipCoefficient, globalNorm } from "../../../src/nn/optim/clipByGlobalNorm.ts";
import { type Gradients, sumRows } from "../../../src/nn/optim/Gradient.ts";
import { linearSchedule } from "../../../src/nn/optim/linearSchedule.ts";

const always = () => true;

/** The first step from 0 for a gradient of 1e-6, with ε 1e-6 and a learning rate of 1. */
const stepOf = (form: "pytorch" | "transformers") => {
  const parameters = new Map([["w", Float32Array.of(0)]]);
  const options = { ...adamWDefaults[form], epsilon: 1e-6, weightDecay: 0, decays: always };
  adamW(parameters, new Map([["w", Float32Array.of(1e-6)]]), initialAdamWState(), options, 1);
  return parameters.get("w")![0]!;
};

describe("adamW", () => {
  // float32 near 1 is 6e-8 apart; a first step of 2e-5 from 0 shows the digits that a step from 1 rounds away.
  it.each([
    ["pytorch", 0.9999798000004],
    ["transformers", 0.999979801268831],
  ] as const)("gives the worked first step in its %s form", (form, after) => {
    const parameters = new Map([["w", Float32Array.of(1)]]);
    const options = { ...adamWDefaults[form], weightDecay: 0.01, decays: always };
    adamW(parameters, new Map([["w", Float32Array.of(0.5)]]), initialAdamWState(), options, 2e-5);
    expect(parameters.get("w")![0]).toBe(Math.fround(after));
  });

  it("differs between its forms where gradients are as small as ε", () => {
    expect(stepOf("pytorch")).toBeCloseTo(-1e-6 / (1e-6 + 1e-6), 6);
    // ε outside: √v is (1e-6)√0.001 before its correction
    const root = 1e-6 * Math.sqrt(0.001);
    expect(stepOf("transformers")).toBeCloseTo((-Math.sqrt(0.001) * 1e-6) / (root + 1e-6), 6);
  });

  it("follows a plain-number reference over many steps", () => {
    const options = { ...adamWDefaults.pytorch, weightDecay: 0.1, decays: always };
    const parameters = new Map([["w", Float32Array.of(0.3)]]);
    const state = initialAdamWState();
    let [theta, m, v] = [0.3, 0, 0];
    for (let t = 1; t <= 50; t++) {
      const g = Math.sin(t) * 2;
      adamW(parameters, new Map([["w", Float32Array.of(g)]]), state, options, 1e-2, 0.5);
      [m, v] = [0.9 * m + 0.1 * (g / 2), 0.999 * v + 0.001 * (g / 2) ** 2];
      theta = theta * (1 - 1e-3) - (1e-2 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    }
    expect(parameters.get("w")![0]).toBeCloseTo(theta, 6);
  });

  it("leaves biases and LayerNorm without decay", () => {
    expect(decaysByDefault("encoder.layer.0.output.dense.weight")).toBe(true);
    expect(decaysByDefault("embeddings.word_embeddings.weight")).toBe(true);
    expect(decaysByDefault("encoder.layer.0.output.dense.bias")).toBe(false);
    expect(decaysByDefault("embeddings.LayerNorm.weight")).toBe(false);
  });

  it.each(["pytorch", "transformers"] as const)("gives row gradients the bits of dense ones (%s)", (form) => {
    const [rows, dim] = [7, 3];
    const start = Float32Array.from({ length: rows * dim }, (_, i) => Math.sin(i + 1));
    const dense = new Map([["table", start.slice()]]);
    const sparse = new Map([["table", start.slice()]]);
    const states = [initialAdamWState(), initialAdamWState()] as const;
    const options = { ...adamWDefaults[form], weightDecay: 0.01, decays: always };
    for (const touched of [[1, 4], [4], [], [0, 6]]) {
      const values = Float32Array.from({ length: touched.length * dim }, (_, i) => Math.cos(i));
      const full = new Float32Array(rows * dim);
      touched.forEach((row, i) => full.set(values.subarray(i * dim, (i + 1) * dim), row * dim));
      adamW(dense, new Map([["table", full]]), states[0], options, 1e-2, 0.7);
      const rowGradient = { rows: Int32Array.from(touched), values, tableRows: rows };
      adamW(sparse, new Map([["table", rowGradient]]), states[1], options, 1e-2, 0.7);
      expect(sparse.get("table")).toEqual(dense.get("table"));
    }
    expect(states[1].moments.get("table")!.second).toEqual(states[0].moments.get("table")!.second);
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

describe("linearSchedule", () => {
  it("rises over the warm-up and falls to 0", () => {
    const rates = [0, 5, 10, 55, 99, 100].map((step) => 2e-5 * linearSchedule(step, 10, 100));
    [0, 1e-5, 2e-5, 1e-5, 2.22222222222e-7, 0].forEach((rate, i) => expect(rates[i]).toBeCloseTo(rate, 15));
  });

  it("starts at its full rate without a warm-up", () => {
    expect(linearSchedule(0, 0, 10)).toBe(1);
  });
});
