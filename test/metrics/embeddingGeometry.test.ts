import { describe, expect, it } from "vitest";
import { alignment, uniformity } from "../../src/metrics/index.ts";

const one = Float32Array.of(1, 2, 3, -1, 0.5, 0.5);
const other = Float32Array.of(2, 1, 2, -2, 1, 0);

describe("alignment", () => {
  it("equals the worked number", () => {
    expect(alignment(one, other, 2)).toBeCloseTo(0.398977351875691, 12);
  });

  it("is 0 for equal directions and 4 for opposite ones", () => {
    expect(alignment(Float32Array.of(1, 0), Float32Array.of(5, 0), 2)).toBe(0);
    expect(alignment(Float32Array.of(1, 0), Float32Array.of(-5, 0), 2)).toBe(4);
  });
});

describe("uniformity", () => {
  it("equals the worked number, without pairs of a row with itself", () => {
    expect(uniformity(one, 2)).toBeCloseTo(-1.14334552369987, 12);
  });

  it("is 0 where all rows are one point, and where there is one row", () => {
    expect(uniformity(Float32Array.of(1, 1, 2, 2), 2)).toBeCloseTo(0, 12);
    expect(uniformity(Float32Array.of(1, 1), 2)).toBe(0);
  });
});
