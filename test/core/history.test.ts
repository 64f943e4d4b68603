import { describe, expect, it } from "vitest";
import type { ActionRecord } from "../../src/core/ActionRecord.ts";
import type { ContentDigest } from "../../src/core/digest.ts";
import { estimateMs, historyOf } from "../../src/core/history.ts";
import { roll, say } from "../kit/fakeStages.ts";
import { graphOf } from "../kit/graphs.ts";
import { recordOf } from "../kit/records.ts";

const graph = graphOf([
  { id: "a", uses: say, with: { words: "x" } },
  { id: "b", uses: roll, in: { text: "a" } },
]);
const [a, b] = graph.steps;

const said = (words: string) => recordOf(words, { text: words });
/** A record of stage `roll` that took so long over what `maker` made, the `at`-th of the day. */
function rolled(maker: ActionRecord, durationMs: number, at: number, step = "b"): ActionRecord {
  const base = recordOf(`${step}${durationMs}${at}`, { text: `rolled ${durationMs} ${at}` }, step);
  return {
    ...base,
    parts: {
      ...base.parts,
      stage: { name: "roll", version: 1 },
      inputs: { text: maker.outputs["text"]!.digest as ContentDigest },
    },
    provenance: { ...base.provenance, durationMs, startedAt: `2026-01-01T00:00:${String(at).padStart(2, "0")}.000Z` },
  };
}

describe("the time that a step will take", () => {
  it("is not known without a record of its stage", () => {
    expect(estimateMs(historyOf([said("x")]), graph, b!, {})).toBe(null);
    expect(estimateMs(historyOf([]), graph, a!, {})).toBe(null);
  });

  it("is the median of its last five, whatever it took before", () => {
    const ten = said("0123456789");
    const old = [9, 9, 9, 9, 9, 9].map((ms, i) => rolled(ten, ms * 1000, i));
    const last = [10, 30, 20, 50, 40].map((ms, i) => rolled(ten, ms, 10 + i));
    expect(estimateMs(historyOf([ten, ...old, ...last]), graph, b!, { text: 10 })).toBe(30);
  });

  it("grows and shrinks with what it is given", () => {
    const ten = said("0123456789");
    const history = historyOf([ten, rolled(ten, 100, 1)]);
    expect(estimateMs(history, graph, b!, { text: 40 })).toBe(400);
    expect(estimateMs(history, graph, b!, { text: 5 })).toBe(50);
    // What is not made yet has no size.
    expect(estimateMs(history, graph, b!, {})).toBe(100);
  });

  it("is that of other steps of its stage where it has none of its own", () => {
    const ten = said("0123456789");
    const others = [rolled(ten, 700, 1, "c"), rolled(ten, 900, 2, "d")];
    expect(estimateMs(historyOf([ten, ...others]), graph, b!, { text: 20 })).toBe(1400);
    expect(estimateMs(historyOf([ten, ...others, rolled(ten, 100, 0)]), graph, b!, { text: 20 })).toBe(200);
  });
});
