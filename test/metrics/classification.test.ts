import { describe, expect, it } from "vitest";
import { bestAccuracy, bestF1, rocAuc } from "../../src/metrics/index.ts";

const labels = [1, 0, 1, 0, 1];
const scores = [0.9, 0.5, 0.5, 0.1, 0.4];

describe("rocAuc", () => {
  it("counts ties half (methods §8.5)", () => {
    expect(rocAuc(labels, scores)).toBe(0.75);
  });

  it("is that of any monotone map of the scores, and 0.5 where they are constant", () => {
    expect(
      rocAuc(
        labels,
        scores.map((score) => 1 / (1 + Math.exp(-7 * score))),
      ),
    ).toBe(0.75);
    expect(rocAuc(labels, [3, 3, 3, 3, 3])).toBe(0.5);
  });

  it("refuses labels that are no classes, and data of one class", () => {
    expect(() => rocAuc([1, 2], [0, 1])).toThrow("row 1 has the label 2, not 0 or 1");
    expect(() => rocAuc([1, 1], [0, 1])).toThrow("there are rows of one class only");
  });
});

describe("the best threshold", () => {
  it("is the one that a search over all cuts finds", () => {
    // Cuts: none 2/5; 0.9 → 3/5; 0.5 (two rows) → 3/5; 0.4 → 4/5; all → 3/5.
    expect(bestAccuracy(labels, scores)).toEqual({ threshold: 0.25, value: 0.8 });
    // F1 at 0.4: precision 3/4, recall 1.
    expect(bestF1(labels, scores)).toEqual({ threshold: 0.25, value: 6 / 7 });
  });

  it("may take nothing or everything, and is a number for constant predictions", () => {
    expect(bestAccuracy([0, 0, 1], [0.2, 0.2, 0.2])).toEqual({ threshold: Infinity, value: 2 / 3 });
    expect(bestF1([0, 0, 1], [0.2, 0.2, 0.2])).toEqual({ threshold: 0.2, value: 0.5 });
  });
});
