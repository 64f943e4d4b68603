import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import type { Scores } from "../../src/artifact/index.ts";
import averageScores from "../../stages/average-scores.ts";

const scores = (values: ReadonlyArray<number>, others: Partial<Scores> = {}): Scores => ({
  pairs: "p".repeat(64),
  range: "cosine",
  values: Float32Array.from(values),
  ...others,
});
const average = (
  list: ReadonlyArray<Scores>,
  config: { readonly weights?: readonly [number, ...Array<number>] } = {},
) => averageScores.run({ config, inputs: { scores: list }, inputDigests: {}, seed: 0, files: {} });
const refusal = (list: ReadonlyArray<Scores>) => Effect.runSync(Effect.flip(average(list))).message;

describe("average-scores", () => {
  it("is the mean, row by row, of the range and pairs that come in", () => {
    const { scores: mean } = Effect.runSync(
      average([scores([0, 0.5, 1]), scores([1, 0.5, -1]), scores([0.5, 0.5, 0])]),
    );
    expect([...mean.values]).toEqual([0.5, 0.5, 0]);
    expect(mean).toMatchObject({ pairs: "p".repeat(64), range: "cosine" });
  });

  it("counts each by its weight, of which only proportions matter", () => {
    const list = [scores([0.8, 0.1, 0.55]), scores([0.6, 0.3, 0.65])];
    const meanBy = (...weights: [number, ...Array<number>]) =>
      Array.from(Effect.runSync(average(list, { weights })).scores.values);
    [0.7, 0.2, 0.6].forEach((mean, row) => expect(meanBy(1, 1)[row]).toBeCloseTo(mean, 6));
    expect(meanBy(1, 1)).toEqual([...Effect.runSync(average(list)).scores.values]);
    expect(meanBy(3, 1)).toEqual(meanBy(0.75, 0.25));
    expect(meanBy(3, 1)[0]).toBeCloseTo(0.75, 6);
    expect(Effect.runSync(Effect.flip(average(list, { weights: [1] }))).message).toBe(
      "There are 1 weights for 2 scores.",
    );
  });

  it("of one is that one, bit for bit", () => {
    const one = scores([0.1, -0.7, 1 / 3]);
    expect(Effect.runSync(average([one])).scores).toEqual(one);
  });

  it("is refused where the scores are of different pairs or ranges, or there are none", () => {
    expect(refusal([])).toBe("There are no scores to average.");
    expect(refusal([scores([1]), scores([1], { pairs: "q".repeat(64) })])).toContain("belong to pairs pppppppppppp");
    expect(refusal([scores([1]), scores([1], { range: "probability" })])).toBe(
      "Some of the scores are of range cosine, others of probability.",
    );
    expect(refusal([scores([1]), scores([1, 2])])).toBe("Some of the scores have 1 rows, others 2.");
  });
});
