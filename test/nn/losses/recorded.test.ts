/**
 * Every loss on numbers that PyTorch computed in float64 (test/golden/record_losses.py), on central differences of its own
 * values, and on inputs that hold nothing to learn from.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CpuEngine } from "../../../src/engine/cpu/CpuEngine.ts";
import { losses, type LossDescription, type LossInput } from "../../../src/nn/losses/index.ts";
import type { Tensors } from "../../../src/nn/TensorSpec.ts";
import { LossInputError } from "../../../src/nn/losses/requireShapes.ts";
import { differences, type Input, relativeError, runCase } from "../../kit/engineRig.ts";
import { engines, evaluate, type Given } from "./lossRig.ts";

interface Case {
  readonly loss: string;
  readonly inputs: Given;
  readonly with: { readonly [option: string]: number | string };
  readonly value: number;
  readonly gradients: Given;
}

const { cases } = JSON.parse(readFileSync(new URL("../../golden/losses.json", import.meta.url), "utf8")) as {
  readonly cases: ReadonlyArray<Case>;
};
const described = (name: string) => losses.find((loss) => loss.name === name)!;
const integersOf = (loss: LossDescription) =>
  Object.entries(loss.inputs).flatMap(([name, { below }]) => (below === undefined ? [] : [name]));

/** Logits of 20 and more (cosines at temperature 0.05) carry 1e-6 each in float32; sums of a few stay below 1e-5. */
const tolerance = 1e-5;

const titles = cases.map((each, i) => [`${each.loss} ${JSON.stringify(each.with)} (case ${i + 1})`, each] as const);

describe.each(engines)("on the %s engine", (_, engine) => {
  it.each(titles)("%s has PyTorch's value and gradients", async (_title, each) => {
    const loss = described(each.loss);
    const wrt = Object.keys(each.gradients);
    const compute = (inputs: object) => loss.compute(inputs as never, each.with);
    const found = await evaluate(engine(), compute, each.inputs, wrt, integersOf(loss));
    expect(Math.abs(found.value / each.value - 1)).toBeLessThan(tolerance);
    for (const name of wrt)
      expect(relativeError(found.gradients[name]!, each.gradients[name]!.flat(), 0), name).toBeLessThan(tolerance);
  });

  const lengths = [
    { rows: 1, dim: 2, positions: 1, vocab: 3, classes: 2 },
    { rows: 2, dim: 1, positions: 2, vocab: 2, classes: 1 },
    { rows: 4, dim: 3, positions: 4, vocab: 3, classes: 3 },
  ];
  it.each(losses)("$name gives numbers, or says why not, where all is equal, zero or huge", async (loss) => {
    for (const by of lengths)
      for (const value of [0, 1, -1e4, 1e4]) {
        const given = Object.fromEntries(
          Object.entries(loss.inputs).map(([name, spec]) => [name, filled(spec, by, value)]),
        );
        const wrt = Object.keys(given).filter((name) => !integersOf(loss).includes(name) && name !== "logScale");
        const compute = (inputs: object) => loss.compute(inputs as never, defaultsOf(loss));
        try {
          const found = await evaluate(engine(), compute, given, wrt, integersOf(loss));
          const numbers = [found.value, ...Object.values(found.gradients).flat()];
          expect(numbers.every(Number.isFinite), JSON.stringify({ given, found })).toBe(true);
        } catch (error) {
          if (!(error instanceof LossInputError)) throw error;
          expect(error.message).toMatch(/needs (at least 2|an even number of) (rows|classes), not 1: /);
        }
      }
  });
});

function filled(
  { shape, below }: LossInput,
  lengths: { readonly [word: string]: number },
  value: number,
): Given[string] {
  const [rows, columns] = shape.map((word) => (typeof word === "number" ? word : lengths[word]!));
  const element = below === undefined ? (shape[0] === 1 ? 3 : value) : 0;
  const row = () => (columns === undefined ? element : Array.from({ length: columns }, () => element));
  return Array.from({ length: rows! }, row) as Given[string];
}

const defaultsOf = (loss: LossDescription) =>
  Object.fromEntries(
    Object.entries(loss.options).map(([name, option]) => [
      name,
      option.default ?? ("choices" in option ? option.choices[0]! : 1),
    ]),
  );

/** Steps of 1e-2 leave curvature, which a temperature of 0.04 makes large: the slopes are looked at where it is small. */
const gentle = ({ with: options }: Case): Case["with"] => ({
  ...options,
  ...("temperature" in options ? { temperature: 1 } : {}),
  ...("scale" in options ? { scale: 2 } : {}),
});

describe("gradients are what central differences say", () => {
  it.each(titles)("%s", async (_title, each) => {
    const loss = described(each.loss);
    const inputs = Object.fromEntries(
      Object.entries(each.inputs).map(([name, values]): [string, Input] => {
        const isWhole = integersOf(loss).includes(name);
        const shape = Array.isArray(values[0]) ? [values.length, values[0].length] : [values.length];
        const numbers = values.flat() as Array<number>;
        return isWhole
          ? [name, { shape, values: Int32Array.from(numbers), dtype: "int32" }]
          : [name, { shape, values: Float32Array.from(numbers) }];
      }),
    );
    const checked = { inputs, build: (tensors: Tensors) => loss.compute(tensors, gentle(each)) };
    const found = await runCase(new CpuEngine(), checked);
    for (const name of Object.keys(each.gradients))
      expect(relativeError(found[`gradient:${name}`]!, await differences(checked, name)), name).toBeLessThan(5e-3);
  });
});

describe("what a loss is given", () => {
  const square = [
    [1, 2],
    [3, 4],
  ];
  it.each([
    ["ntXent", { first: square, second: [[1, 2]] }, "ntXent: second has shape [1, 2], not [rows, dim] = [2, 2]."],
    ["infoNce", { anchors: square, positives: [1, 2] }, "infoNce: positives has shape [2], not [rows, dim] = [2, 2]."],
    ["meanSquaredError", { predictions: [], labels: [] }, "meanSquaredError: predictions is empty: [rows] = [0]."],
    [
      "replacedTokenDetection",
      { logits: [[1, 2, 3]], replaced: [0] },
      "replacedTokenDetection: logits has shape [1, 3], not [positions, 2] = [1, 2].",
    ],
  ])("of the wrong shape is refused by %s in one sentence", async (name, given, message) => {
    const loss = described(name);
    const compute = (inputs: object) => loss.compute(inputs as never, defaultsOf(loss));
    const wrt = [Object.keys(given)[0]!];
    await expect(evaluate(new CpuEngine(), compute, given as Given, wrt, integersOf(loss))).rejects.toThrow(message);
  });
});

describe("the list of losses", () => {
  it("has every file of the folder that is a loss, and a recorded case of each", () => {
    // gradientPenalty takes a loss rather than tensors.
    const others = ["index", "LossDescription", "crossEntropy", "requireShapes", "unitRows", "gradientPenalty"];
    const shared = new Set(others);
    const files = readdirSync(new URL("../../../src/nn/losses/", import.meta.url)).map((file) =>
      file.replace(".ts", ""),
    );
    const names = losses.map(({ name }) => name).sort();
    expect(names).toEqual(files.filter((file) => !shared.has(file)).sort());
    expect([...new Set(cases.map(({ loss }) => loss))].sort()).toEqual(names);
  });

  it("calls each by the function that it is", () => {
    for (const loss of losses) expect(loss.compute.name).toBe(loss.name);
  });
});
