import { describe, expect, it } from "vitest";
import { nearestRows } from "../../src/metrics/index.ts";

describe("nearestRows", () => {
  const rows = Float32Array.of(1, 0, 0, 2, -3, 0, 0, 0, 5, 5);

  it("orders by cosine, whatever the lengths, the earlier row first where equal", () => {
    const [found] = nearestRows(Float32Array.of(2, 2), rows, 2, 4);
    expect(found!.map(({ row }) => row)).toEqual([4, 0, 1, 3]);
    expect(found!.map(({ cosine }) => cosine)).toEqual(
      [1, Math.SQRT1_2, Math.SQRT1_2, 0].map((x) => expect.closeTo(x, 6)),
    );
  });

  it("gives all rows where there are fewer than asked for, and 0 for a query of zeros", () => {
    const found = nearestRows(Float32Array.of(0, 1, 0, 0), rows, 2, 10);
    expect(found.map((each) => each.length)).toEqual([5, 5]);
    expect(found[1]!.every(({ cosine }) => cosine === 0)).toBe(true);
  });

  it("answers each of several queries as if it were alone", () => {
    const queries = Float32Array.from({ length: 14 }, (_, i) => Math.sin(i));
    const together = nearestRows(queries, rows, 2, 2);
    expect(together).toEqual(
      Array.from({ length: 7 }, (_, i) => nearestRows(queries.subarray(2 * i, 2 * i + 2), rows, 2, 2)[0]),
    );
  });
});
