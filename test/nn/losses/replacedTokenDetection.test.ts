import { describe, expect, it } from "vitest";
import {
  replacedTokenDetection,
  type ReplacedTokenDetectionInputs,
  type ReplacedTokenDetectionOptions,
} from "../../../src/nn/losses/replacedTokenDetection.ts";
import { engines, evaluate } from "./lossRig.ts";

const all = {
  logits: [
    [2, -1],
    [0.5, 0.25],
    [0, 1],
    [3, 0],
    [1, 0],
    [-1, 2],
    [0.2, 0.1],
    [0.3, -0.3],
  ],
  replaced: [0, 0, 1, 0, 0, 1, 0, 0],
};
const real = { ...all, weights: [1, 1, 1, 1, 1, 1, 1, 0] };

describe.each(engines)("replacedTokenDetection on the %s engine", (_, engine) => {
  const valueOf = async (given: typeof all, options?: ReplacedTokenDetectionOptions) => {
    const loss = (inputs: ReplacedTokenDetectionInputs) => replacedTokenDetection(inputs, options);
    return (await evaluate(engine(), loss, given, ["logits"], ["replaced"])).value;
  };

  it("gives the worked mean over all positions, padding too, as the code has it", async () => {
    expect(await valueOf(all)).toBeCloseTo(0.303763682524496, 6);
  });

  it("gives the worked mean and sum over the real ones", async () => {
    expect(await valueOf(real)).toBeCloseTo(0.284660215672869, 6);
    expect(await valueOf(real, { reduction: "sum" })).toBeCloseTo(1.99262150971009, 6);
  });

  it("adds to the contrastive loss by the paper's λ", async () => {
    expect(2.07415725242842 + 0.005 * (await valueOf(all))).toBeCloseTo(2.07567607084104, 6);
  });
});
