import { describe, expect, it } from "vitest";
import { averageRanks, pearson, spearman } from "../../src/metrics/index.ts";

const goldA = [0, 1, 3, 5];
const scoresA = [0.1, 0.4, 0.35, 0.8];
const goldB = [2, 2, 4];
const scoresB = [0.7, 0.6, 0.9];

describe("spearman", () => {
  it("equals the worked numbers", () => {
    expect(spearman(goldA, scoresA)).toBeCloseTo(0.8, 12);
    expect(spearman(goldB, scoresB)).toBeCloseTo(0.866025403784439, 12);
    expect(spearman([...goldA, ...goldB], [...scoresA, ...scoresB])).toBeCloseTo(0.738768719410358, 12);
  });

  it("shares ranks between equal values", () => {
    expect([...averageRanks([...goldA, ...goldB])]).toEqual([1, 2, 5, 7, 3.5, 3.5, 6]);
  });

  it("is 0 for a constant column, never NaN", () => {
    expect(spearman([1, 2, 3], [7, 7, 7])).toBe(0);
    expect(spearman([7, 7], [7, 7])).toBe(0);
  });

  it("is 1 and -1 for equal and opposite orders, whatever the scale", () => {
    expect(spearman([1, 10, 100, 1000], [0.1, 0.2, 0.3, 0.4])).toBe(1);
    expect(spearman([1, 10, 100, 1000], [4, 3, 2, 1])).toBe(-1);
  });

  it("refuses what has no correlation", () => {
    expect(() => spearman([1, 2], [1])).toThrow("columns of 2 and 1 rows");
    expect(() => spearman([1], [1])).toThrow("a correlation needs two rows, got 1");
    expect(() => spearman([1, 2], [1, NaN])).toThrow("row 1 is NaN");
  });
});

describe("pearson", () => {
  it("equals the worked number", () => {
    expect(pearson([...goldA, ...goldB], [...scoresA, ...scoresB])).toBeCloseTo(0.792901443743585, 12);
  });
});
