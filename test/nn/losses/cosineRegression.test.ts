import { describe, expect, it } from "vitest";
import { cosineRegression } from "../../../src/nn/losses/cosineRegression.ts";
import { engines, evaluate, expectClose } from "./lossRig.ts";
import { cosineRegressionNumbers as worked, partners, points } from "./workedNumbers.ts";

describe.each(engines)("cosineRegression on the %s engine", (_, engine) => {
  it("gives the worked value and gradient", async () => {
    const given = { left: points, right: partners, labels: worked.labels };
    const { value, gradients } = await evaluate(engine(), cosineRegression, given, ["left", "right"]);
    expect(value).toBeCloseTo(worked.value, 6);
    expectClose(gradients["left"]!, worked.left, 1e-6);
  });

  it("is 0 with a gradient of 0 where the cosines are the labels", async () => {
    const given = {
      left: [
        [1, 0],
        [0, 2],
      ],
      right: [
        [3, 0],
        [1, 0],
      ],
      labels: [1, 0],
    };
    const { value, gradients } = await evaluate(engine(), cosineRegression, given, ["left", "right"]);
    expect(value).toBeCloseTo(0, 10);
    expectClose(gradients["right"]!, [0, 0, 0, 0], 1e-6);
  });
});
