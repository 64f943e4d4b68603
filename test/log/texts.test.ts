import { describe, expect, it } from "vitest";
import { formatDuration, formatLoss, formatRate } from "../../src/log/duration.ts";
import { metricsTable } from "../../src/log/metricsTable.ts";
import { splitStepId } from "../../src/log/runTree.ts";
import { renderTable } from "../../src/log/table.ts";
import { textWidth, truncate } from "../../src/log/textWidth.ts";

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [12_340, "12.3 s"],
    [59_949, "59.9 s"],
    [59_960, "1m 00s"],
    [124_000, "2m 04s"],
    [3_599_600, "1h 00m"],
    [3_720_000, "1h 02m"],
  ])("%d ms reads %s", (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));
});

describe("numbers", () => {
  it("keep as many digits as help to watch them", () => {
    expect([3.42, 128.4, 12_400].map(formatRate)).toEqual(["3.4", "128", "12400"]);
    expect([0.412345, 12.3456, 0, 1.23e-7].map(formatLoss)).toEqual(["0.4123", "12.35", "0", "1.2e-7"]);
  });
});

describe("text width", () => {
  it("counts columns: wide characters two, marks and escapes none", () => {
    expect(["abc", "日本", "e\u0301", "\u001b[32mok\u001b[39m", "🚀"].map(textWidth)).toEqual([3, 4, 1, 2, 2]);
  });

  it("cuts with an ellipsis and keeps escapes, so that colours end", () => {
    expect(truncate("abcdef", 4)).toBe("abc…");
    expect(truncate("\u001b[32mabcdef\u001b[39m", 4)).toBe("\u001b[32mabc…\u001b[39m");
    expect(truncate("日本語", 4)).toBe("日…");
    expect(truncate("abc", 3)).toBe("abc");
  });
});

describe("tables", () => {
  it("align columns and leave no blanks at the ends", () => {
    expect(
      renderTable(
        [{ title: "step" }, { title: "value", align: "right" }],
        [
          ["a", "1.00"],
          ["long one", ""],
        ],
      ),
    ).toEqual(["step      value", "a          1.00", "long one"]);
  });

  it("of metrics have a row per evaluation and a column per number", () => {
    const rows = [
      { step: "start", cycle: null, name: "sts12", value: 72.594 },
      { step: "start", cycle: null, name: "average", value: 72.594 },
      { step: "distil[1].studentEval", cycle: 1, name: "sts12", value: 75 },
      { step: "distil[1].studentEval", cycle: 1, name: "alignment", value: 0.012345 },
    ];
    expect(metricsTable(rows)).toEqual([
      "                       sts12  average  alignment",
      "start                  72.59    72.59",
      "distil[1].studentEval  75.00              0.0123",
    ]);
    expect(metricsTable([{ step: "start", cycle: null, name: "uniformity", value: -0.00001 }])[1]).toBe(
      "start      0.0000",
    );
    expect(metricsTable(rows, 40)[1]).toBe("start                  sts12       72.59");
  });
});

describe("tables of metrics over several runs", () => {
  const rows = [
    { step: "simcse", cycle: null, name: "average", value: 62.251 },
    { step: "simcse", cycle: null, name: "average.sd", value: 0.4149 },
    { step: "simcse", cycle: null, name: "alignment", value: 0.1 },
    { step: "simcse", cycle: null, name: "alignment.sd", value: 0.00009 },
    { step: "simcse", cycle: null, name: "runs", value: 3 },
    { step: "start", cycle: null, name: "average", value: 55 },
  ];

  it("have the standard deviation behind its mean, with as many decimals", () => {
    expect(metricsTable(rows)).toEqual([
      "             average        alignment  runs",
      "simcse  62.25 ± 0.41  0.1000 ± 0.0001     3",
      "start          55.00",
    ]);
    expect(metricsTable(rows, 30)).toEqual([
      "step    metric               value",
      "simcse  average       62.25 ± 0.41",
      "simcse  alignment  0.1000 ± 0.0001",
      "simcse  runs                     3",
      "start   average              55.00",
    ]);
  });

  it("take a name that only ends like one as it is", () => {
    expect(metricsTable([{ step: "a", cycle: null, name: "other.sd", value: 0.5 }])[0]).toBe("   other.sd");
  });
});

describe("step ids", () => {
  it("fall into names and brackets, whatever stands inside the brackets", () => {
    expect(splitStepId("distil[loss=a.b][2].cross")).toEqual(["distil", "[loss=a.b]", "[2]", "cross"]);
    expect(splitStepId("bi0")).toEqual(["bi0"]);
  });
});
