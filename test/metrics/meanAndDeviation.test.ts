import { expect, it } from "vitest";
import { meanAndDeviation } from "../../src/metrics/meanAndDeviation.ts";

it("is the sample's: deviations by n − 1", () => {
  expect(meanAndDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, deviation: Math.sqrt(32 / 7) });
  expect(meanAndDeviation([1.5, 1.5])).toEqual({ mean: 1.5, deviation: 0 });
});

it("says nothing of the spread of one value", () => {
  expect(meanAndDeviation([62.25])).toEqual({ mean: 62.25, deviation: undefined });
});
