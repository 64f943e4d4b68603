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
const average = (list: ReadonlyArray<Scores>) =>
  averageScores.run({ config: {}, inputs: { scores: list }, inputDigests: {}, seed: 0, files: {} });
const refusal = (list: ReadonlyArray<Scores>) => Effect.runSync(Effect.flip(average(list))).message;

describe("average-scores", () => {
  it("is the mean, row by row, of the range and pairs that come in", () => {
    const { scores: mean } = Effect.runSync(
      average([scores([0, 0.5, 1]), scores([1, 0.5, -1]), scores([0.5, 0.5, 0])]),
    );
    expect([...mean.values]).toEqual([0.5, 0.5, 0]);
    expect(mean).toMatchObject({ pairs: "p".repeat(64), range: "cosine" });
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
  });
});
