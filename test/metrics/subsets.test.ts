import { describe, expect, it } from "vitest";
import { aggregatedSpearman, pearson } from "../../src/metrics/index.ts";

/** Methods §8.5. */
const gold = [0, 1, 3, 5, 2, 2, 4];
const scores = [0.1, 0.4, 0.35, 0.8, 0.7, 0.6, 0.9];
const parts = ["A", "A", "A", "A", "B", "B", "B"];

describe("aggregatedSpearman", () => {
  it("gives the three numbers of a set with two parts", () => {
    expect(aggregatedSpearman(gold, scores, parts, "all")).toBeCloseTo(0.738768719410358, 12);
    expect(aggregatedSpearman(gold, scores, parts, "mean")).toBeCloseTo(0.833012701892219, 12);
    expect(aggregatedSpearman(gold, scores, parts, "wmean")).toBeCloseTo(0.828296601621902, 12);
    expect(pearson(gold, scores)).toBeCloseTo(0.792901443743585, 12);
  });

  it("is a number for constant predictions and for a part of one row", () => {
    const constant = gold.map(() => 0.5);
    for (const aggregate of ["all", "mean", "wmean"] as const)
      expect(aggregatedSpearman(gold, constant, parts, aggregate)).toBe(0);
    expect(aggregatedSpearman([1, 2, 9], [1, 2, 9], ["A", "A", "B"], "mean")).toBe(0.5);
  });
});
