import { describe, expect, it } from "vitest";
import { constantSchedule } from "../../../src/nn/optim/constantSchedule.ts";
import { cosineSchedule } from "../../../src/nn/optim/cosineSchedule.ts";
import { exponentialSchedule } from "../../../src/nn/optim/exponentialSchedule.ts";
import { linearSchedule } from "../../../src/nn/optim/linearSchedule.ts";
import { contrastiveTensionSteps, stepwiseSchedule } from "../../../src/nn/optim/stepwiseSchedule.ts";

/** Learning rates as published, by update. */
function expectRates(found: (step: number) => number, expected: { readonly [step: number]: number }): void {
  for (const [step, rate] of Object.entries(expected))
    expect(found(Number(step)) / (rate || 1), `update ${step}`).toBeCloseTo(rate === 0 ? 0 : 1, 11);
}

describe("linearSchedule", () => {
  it("rises over the warm-up and falls to 0", () => {
    const rates = { 0: 0, 5: 1e-5, 10: 2e-5, 55: 1e-5, 99: 2.22222222222e-7, 100: 0 };
    expectRates((step) => 2e-5 * linearSchedule(step, 10, 100), rates);
  });

  it("starts at its full rate without a warm-up", () => {
    expect(linearSchedule(0, 0, 10)).toBe(1);
  });
});

describe("constantSchedule", () => {
  it("stays, after a warm-up where there is one", () => {
    expect([0, 1, 99].map((step) => constantSchedule(step, 0))).toEqual([1, 1, 1]);
    expect([0, 1, 4, 99].map((step) => constantSchedule(step, 4))).toEqual([0, 0.25, 1, 1]);
  });
});

describe("stepwiseSchedule", () => {
  it("gives Contrastive Tension's rates, a boundary belonging to the earlier one", () => {
    const rates = {
      0: 1e-5,
      1: 1e-5,
      500: 1e-5,
      501: 8e-6,
      1000: 8e-6,
      1001: 6e-6,
      1501: 4e-6,
      2001: 2e-6,
      90000: 2e-6,
    };
    expectRates((step) => 1e-5 * stepwiseSchedule(step, 0, contrastiveTensionSteps), rates);
  });

  it("may begin with a warm-up, and needs no steps", () => {
    expect([0, 1, 2, 3, 9].map((step) => stepwiseSchedule(step, 2, [{ after: 2, factor: 2 }]))).toEqual([
      0, 0.5, 1, 2, 2,
    ]);
    expect(stepwiseSchedule(9, 0, [])).toBe(1);
  });
});

describe("exponentialSchedule", () => {
  it("gives the worked rates: two epochs of warm-up of five updates each, then 1 % off by update", () => {
    const rates = { 0: 2e-5, 4: 1e-4, 9: 2e-4, 10: 2e-4, 11: 1.98e-4, 20: 1.808764150018e-4 };
    expectRates((step) => 2e-4 * exponentialSchedule(step, 10, 0.01), rates);
  });

  it("starts at its full rate without a warm-up", () => {
    expect(exponentialSchedule(0, 0, 0.5)).toBe(1);
  });
});

describe("cosineSchedule", () => {
  it("rises over the warm-up and falls along half a cosine", () => {
    // (1 + cos(π / 3)) / 2 and (1 + cos(π / 4)) / 2 by hand
    const rates = { 0: 0, 5: 0.5, 10: 1, 32.5: 0.853553390593, 40: 0.75, 55: 0.5, 100: 0, 120: 0 };
    expectRates((step) => cosineSchedule(step, 10, 100), rates);
  });
});
