/** `summarize-metrics` and `compare-methods`: from the metrics of runs to a table and a figure. */
import { describe, expect, it } from "vitest";
import type { Metrics } from "../../src/artifact/index.ts";
import compareMethods from "../../stages/compare-methods.ts";
import summarizeMetrics from "../../stages/summarize-metrics.ts";
import { runStage, stageFailure } from "./runStage.ts";

const metrics = (rows: { readonly [name: string]: number }): Metrics => ({
  rows: Object.entries(rows).map(([name, value]) => ({ name, value })),
});
const given = (list: ReadonlyArray<Metrics>, config: object = {}) => ({
  config,
  inputs: { metrics: ["Metrics", list] as const },
});

describe("summarize-metrics", () => {
  it("gives mean and standard deviation of each number, in their order, and how many runs there were", async () => {
    const runs = [
      { sts12: 60, average: 61 },
      { sts12: 62, average: 63 },
      { sts12: 64, average: 68 },
    ];
    const { metrics: summary } = await runStage(summarizeMetrics, given(runs.map(metrics)));
    expect(summary.rows).toEqual([
      { name: "sts12", value: 62 },
      { name: "sts12.sd", value: 2 },
      { name: "average", value: 64 },
      { name: "average.sd", value: Math.sqrt(13) },
      { name: "runs", value: 3 },
    ]);
  });

  it("of one run has no deviation", async () => {
    const { metrics: summary } = await runStage(summarizeMetrics, given([metrics({ average: 61 })]));
    expect(summary).toEqual(metrics({ average: 61, runs: 1 }));
  });

  it("is refused of nothing, and of unlike evaluations", async () => {
    expect((await stageFailure(summarizeMetrics, given([]))).message).toBe("There are no metrics to summarize.");
    const unlike = [metrics({ average: 61 }), metrics({ average: 60 }), metrics({ accuracy: 0.5, average: 60 })];
    expect((await stageFailure(summarizeMetrics, given(unlike))).message).toBe(
      "The metrics are of unlike evaluations: the first have average, number 3 has accuracy, average.",
    );
  });
});

describe("compare-methods", () => {
  const simcse = metrics({ average: 62.25, "average.sd": 0.5, alignment: 0.25, "alignment.sd": 0.01, uniformity: -3 });
  const start = metrics({ average: 55, alignment: 0.1, uniformity: -0.5 });
  const cross = metrics({ average: 64 });
  const two = { names: ["simcse", "start"] };

  it("is a table with a row for each method, and a column for each number any of them has", async () => {
    const { table } = await runStage(compareMethods, given([simcse, start], two));
    expect(table.methods).toEqual(["simcse", "start"]);
    expect(table.columns).toEqual([
      { name: "average", values: Float64Array.of(62.25, 55) },
      { name: "average.sd", values: Float64Array.of(0.5, Number.NaN) },
      { name: "alignment", values: Float64Array.of(0.25, 0.1) },
      { name: "alignment.sd", values: Float64Array.of(0.01, Number.NaN) },
      { name: "uniformity", values: Float64Array.of(-3, -0.5) },
    ]);
  });

  it("is a figure with a point for each method that has both numbers, named with its average", async () => {
    const names = { names: ["simcse", "start", "cross"], title: "Three methods" };
    const { figure } = await runStage(compareMethods, given([simcse, start, cross], names));
    expect(figure.svg.match(/<title>[^<]*/g)).toEqual([
      "<title>simcse 62.3: -3.0000, 0.2500 ± 0.0100",
      "<title>start 55.0: -0.5000, 0.1000",
    ]);
    expect(figure.svg).toContain(">uniformity (lower: all sentences more evenly spread)<");
    expect(figure.svg).toContain(">Three methods<");
  });

  it("draws any two numbers against each other", async () => {
    const { figure } = await runStage(
      compareMethods,
      given([simcse, start], { ...two, x: "average", y: "uniformity" }),
    );
    expect(figure.svg).toContain("<title>simcse 62.3: 62.2500 ± 0.5000, -3.0000<");
  });

  it("wants a name for each method, none twice, and something to draw", async () => {
    expect((await stageFailure(compareMethods, given([simcse, start], { names: ["simcse"] }))).message).toBe(
      "There are metrics of 2 methods, but 1 names: simcse.",
    );
    const { message, hint } = await stageFailure(compareMethods, given([cross], { names: ["cross"] }));
    expect([message, hint]).toEqual([
      "No method has both numbers, uniformity and alignment: there is nothing to draw.",
      "They have average: set `x` and `y` to two of them.",
    ]);
    await expect(runStage(compareMethods, given([simcse, start], { names: ["a", "a"] }))).rejects.toThrow(
      "two methods are named a",
    );
  });
});
