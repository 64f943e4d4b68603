import { describe, expect, it } from "vitest";
import { contrastiveTension, type ContrastiveTensionInputs } from "../../../src/nn/losses/contrastiveTension.ts";
import {
  inBatchContrastiveTension,
  type InBatchContrastiveTensionInputs,
} from "../../../src/nn/losses/inBatchContrastiveTension.ts";
import { engines, evaluate, expectClose } from "./lossRig.ts";
import { partners, points } from "./workedNumbers.ts";

const pairs = {
  first: [
    [0.5, 1],
    [1, -1],
    [0.2, 0.3],
    [2, 0],
  ],
  second: [
    [0.5, 1],
    [0.4, 0.1],
    [-1, 2],
    [0.25, -3],
  ],
  labels: [1, 0, 0, 0],
};
/** Of the sum, by the second encoder's embeddings. */
const slopes = [
  -0.111350069413, -0.222700138825, 0.574442516812, -0.574442516812, 0.119737532022, 0.179606298034, 1.244918662404, 0,
];
const by = (reduction: "mean" | "sum") => (inputs: ContrastiveTensionInputs) =>
  contrastiveTension(inputs, { reduction });

describe.each(engines)("contrastiveTension on the %s engine", (_, engine) => {
  it("gives the worked sum and its gradient", async () => {
    const { value, gradients } = await evaluate(engine(), by("sum"), pairs, ["second"]);
    expect(value).toBeCloseTo(2.99337656239396, 6);
    expectClose(gradients["second"]!, slopes, 1e-6);
  });

  it("gives the worked mean, and a quarter of the gradient for four pairs", async () => {
    const { value, gradients } = await evaluate(engine(), by("mean"), pairs, ["second"]);
    expect(value).toBeCloseTo(0.74834414059849, 6);
    expectClose(
      gradients["second"]!,
      slopes.map((slope) => slope / 4),
      1e-6,
    );
  });
});

const given = (scale: number) => ({ first: points, second: partners, logScale: [Math.log(scale)] });
const cosine = (inputs: InBatchContrastiveTensionInputs) => inBatchContrastiveTension(inputs);
const dot = (inputs: InBatchContrastiveTensionInputs) => inBatchContrastiveTension(inputs, { similarity: "dot" });

describe.each(engines)("inBatchContrastiveTension on the %s engine", (_, engine) => {
  it("gives the worked value, and its slope by the logarithm of the scale", async () => {
    const { value, gradients } = await evaluate(engine(), cosine, given(20), ["first", "second", "logScale"]);
    expect(value).toBeCloseTo(2.3488440719886, 5);
    expect(value).toBeCloseTo((2.07415725242842 + 2.62353089154879) / 2, 5); // rows, columns
    expect(Math.abs(gradients["logScale"]![0]! / 2.19299129033748 - 1)).toBeLessThan(1e-5);
  });

  it("gives the worked value of dot products at scale 1", async () => {
    const { value } = await evaluate(engine(), dot, given(1), ["logScale"]);
    expect(value).toBeCloseTo(0.933752044248634, 6);
  });
});
