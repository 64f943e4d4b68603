import { describe, expect, it } from "vitest";
import { logCosh } from "../../../src/nn/losses/logCosh.ts";
import { meanSquaredError } from "../../../src/nn/losses/meanSquaredError.ts";
import { engines, evaluate, expectClose } from "./lossRig.ts";

const given = { predictions: [2, -1, 0.5, -300], labels: [0.9, 0.2, 0.5, 0] };
const distances = [1.1, -1.2, 0, -300];
const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value) / values.length;

describe.each(engines)("the losses of Trans-Encoder's ablations on the %s engine", (_, engine) => {
  it("meanSquaredError is the mean of squares, its slope twice the distance", async () => {
    const { value, gradients } = await evaluate(engine(), meanSquaredError, given, ["predictions"]);
    expect(value / mean(distances.map((d) => d * d))).toBeCloseTo(1, 6);
    expectClose(
      gradients["predictions"]!,
      distances.map((d) => (2 * d) / 4),
      1e-5,
    );
  });

  it("logCosh is a square near the label and a distance far from it; its slope never exceeds 1", async () => {
    const { value, gradients } = await evaluate(engine(), logCosh, given, ["predictions"]);
    const expected = [Math.log(Math.cosh(1.1)), Math.log(Math.cosh(1.2)), 0, 300 - Math.LN2];
    expect(value / mean(expected)).toBeCloseTo(1, 6);
    expectClose(
      gradients["predictions"]!,
      distances.map((d) => Math.tanh(d) / 4),
      1e-6,
    );
  });
});
