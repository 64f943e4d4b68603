import { describe, expect, it } from "vitest";
import { alignment, uniformity } from "../../src/metrics/index.ts";

const one = Float32Array.of(1, 2, 3, -1, 0.5, 0.5);

describe("alignment", () => {
  it("equals the worked number", () => {
    expect(alignment([0.8, 2 / Math.sqrt(5), Math.SQRT1_2])).toBeCloseTo(0.398977351875691, 12);
  });

  it("is 0 for equal directions and 4 for opposite ones", () => {
    expect([alignment([1, 1]), alignment([-1])]).toEqual([0, 4]);
    expect(() => alignment([])).toThrow("alignment needs at least one pair");
  });
});

describe("uniformity", () => {
  it("equals the worked number, without pairs of a row with itself", () => {
    expect(uniformity(one, 2)).toBeCloseTo(-1.14334552369987, 12);
  });

  it("is 0 where all rows are one point, and needs two rows", () => {
    expect(uniformity(Float32Array.of(1, 1, 2, 2), 2)).toBeCloseTo(0, 12);
    expect(() => uniformity(Float32Array.of(1, 1), 2)).toThrow("uniformity needs two embeddings, got 1");
  });
});
