import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisOf } from "../../src/figure/axis.ts";
import { placeLabels } from "../../src/figure/placeLabels.ts";
import { scatterSvg } from "../../src/figure/scatterSvg.ts";

const labels = { title: "a < b", xLabel: "uniformity", yLabel: "alignment" };
const within = { left: 0, right: 400, top: 0, bottom: 300 };

describe("an axis", () => {
  it("has round ticks, and room for the bars at both ends", () => {
    const { ticks, text, place } = axisOf(
      [
        [-3, 0.25],
        [-1, 0],
      ],
      { from: 100, to: 0 },
    );
    expect(ticks.map(text)).toEqual(["-3.0", "-2.5", "-2.0", "-1.5", "-1.0"]);
    expect(place(-3.25)).toBeGreaterThan(place(-1));
    expect([place(-3.25), place(-1)].every((y) => y > 5 && y < 95)).toBe(true);
  });

  it("stands around values that are all one, and says zero without a sign", () => {
    const { ticks, text, place } = axisOf([[0, 0]], { from: 0, to: 10 });
    expect(place(0)).toBe(5);
    expect(ticks.map(text)).toEqual(["-0.10", "-0.05", "0.00", "0.05", "0.10"]);
    expect(axisOf([[5, 0]], { from: 0, to: 10 }).place(5)).toBe(5);
  });

  it("holds all values between its ends, for any of them", () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const value = fc.tuple(number, fc.double({ min: 0, max: 100, noNaN: true }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const { place, ticks } = axisOf(values, { from: 0, to: 100 });
        for (const [at, spread] of values) {
          expect(place(at - spread)).toBeGreaterThanOrEqual(-1e-6);
          expect(place(at + spread)).toBeLessThanOrEqual(100 + 1e-6);
        }
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(12);
      }),
    );
  });

  it("refuses what is no number, and nothing at all", () => {
    expect(() => axisOf([[Number.NaN, 0]], { from: 0, to: 1 })).toThrow(RangeError);
    expect(() => axisOf([], { from: 0, to: 1 })).toThrow(RangeError);
  });
});

describe("labels", () => {
  it("stand to the right of their points where there is room, else elsewhere", () => {
    const marks = [
      { label: "first", x: 100, y: 100 },
      { label: "second", x: 130, y: 100 },
      { label: "at the edge", x: 395, y: 200 },
    ];
    expect(placeLabels(marks, within).map(({ text, anchor }) => [text, anchor])).toEqual([
      ["first", "end"],
      ["second", "start"],
      ["at the edge", "end"],
    ]);
  });

  it("of a heap of points all have a place of their own", () => {
    const marks = Array.from({ length: 6 }, (_, i) => ({ label: `method ${i}`, x: 200 + i, y: 150 }));
    const places = placeLabels(marks, within).map(({ x, y, anchor }) => `${anchor} ${Math.round(x / 20)} ${y}`);
    expect(new Set(places).size).toBe(6);
  });
});

describe("a scatter", () => {
  const points = [
    { label: "one & only", x: -2.25, y: 0.5, xSpread: 0.25, ySpread: 0.125 },
    { label: "two", x: -1, y: 0.25 },
  ];

  it("is an SVG with a point for each, a bar for each spread, and text that is escaped", () => {
    const svg = scatterSvg({ ...labels, points });
    expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
    expect(svg.endsWith("</svg>\n")).toBe(true);
    expect(svg.match(/<circle /g)).toHaveLength(2);
    expect(svg.match(/<path d="M[^"]*H[^"]*V[^"]*" stroke="#0072b2"/g)).toHaveLength(1);
    expect(svg).toContain(">a &lt; b<");
    expect(svg).toContain("<title>one &amp; only: -2.2500 ± 0.2500, 0.5000 ± 0.1250</title>");
    expect(svg).toContain("<title>two: -1.0000, 0.2500</title>");
  });

  it("is the same bytes for the same points", () => {
    expect(scatterSvg({ ...labels, points })).toBe(scatterSvg({ ...labels, points: structuredClone(points) }));
  });
});
