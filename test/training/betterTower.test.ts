import { afterAll, describe, expect, it } from "vitest";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { betterTower, type Tower, withBetterTower } from "../../src/training/betterTower.ts";
import type { DevGold } from "../../src/training/development.ts";
import { withDevelopment } from "../../src/training/development.ts";
import type { Method } from "../../src/training/Method.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { train } from "../../src/training/train.ts";
import { secondTower } from "../../src/training/tensionPairs.ts";
import { asBiEncoder, weightsUnder } from "../../src/training/trainedModel.ts";
import { makeMethods, pairsDigest, tinyBackbone, tinyOptions, tinyPairs } from "./tinyModel.ts";

const onnx = new OnnxEngine({ maxSessions: 64 });
afterAll(() => onnx.close());
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };

const model = tinyBackbone();
const options = { ...tinyOptions, epochs: 3, learningRate: 3e-3, schedule: "constant" as const };
const devPairs = tinyPairs(12);
const devGold: DevGold = {
  pairs: pairsDigest,
  scores: Float64Array.from({ length: 12 }, (_, row) => (row * 7) % 6),
  sets: Array.from({ length: 12 }, () => "dev"),
};
const dev = { devPairs, devGold };
const settings = { devEvery: 3, keepBest: true };

const asEncoder = (weights: Weights, tower: Tower) =>
  asBiEncoder(model, tower === "first" ? weights : weightsUnder(weights, secondTower), {
    pooling: "mean",
    maxTokens: 16,
  });
const bare = () => makeMethods(model, options)["train-contrastive-tension"]!(3, 40);

/** Looks with given scores of either encoder, one pair after the other. */
function scripted(scores: ReadonlyArray<readonly [number, number]>): Method {
  let looks = 0;
  const method = withBetterTower(bare(), dev, settings, asEncoder);
  const evaluate = () => {
    const [one, other] = scores[looks++]!;
    const [devSpearmanOfFirst, devSpearmanOfSecond] = [one, other];
    const numbers = { devSpearman: Math.max(one, other), devAlignment: 0, devUniformity: 0 };
    return Promise.resolve({ ...numbers, devSpearmanOfFirst, devSpearmanOfSecond });
  };
  return { ...method, development: { ...method.development!, evaluate } };
}

describe("the better of two encoders", () => {
  it("is told from looks at both, each as it would be given out", async () => {
    const { weights, curve } = await train(withBetterTower(bare(), dev, settings, asEncoder), onnx, options, quiet);
    const { devSpearman, devSpearmanOfFirst, devSpearmanOfSecond } = curve.series;
    const looks = [...curve.step.keys()].filter((row) => !Number.isNaN(devSpearman![row]!));
    expect(looks.map((row) => curve.step[row])).toEqual([3, 6, 9]);
    for (const row of looks)
      expect(devSpearman![row]).toBe(Math.max(devSpearmanOfFirst![row]!, devSpearmanOfSecond![row]!));
    for (const tower of ["first", "second"] as const) {
      const alone = withDevelopment(bare(), dev, settings, (of) => asEncoder(of, tower)).development!;
      const kept = looks.reduce((best, row) => (devSpearman![row]! > devSpearman![best]! ? row : best));
      const series = tower === "first" ? devSpearmanOfFirst! : devSpearmanOfSecond!;
      expect((await alone.evaluate(weights, onnx))["devSpearman"]).toBeCloseTo(series[kept]!, 4);
    }
  });

  it.each([
    [
      [
        [5, 1],
        [4, 3],
        [2, 3],
      ],
      true,
      "first",
    ],
    [
      [
        [5, 1],
        [4, 6],
        [2, 3],
      ],
      true,
      "second",
    ],
    [
      [
        [5, 1],
        [4, 6],
        [7, 3],
      ],
      true,
      "first",
    ],
    [
      [
        [1, 5],
        [5, 1],
        [2, 3],
      ],
      true,
      "second",
    ], // of equal looks the first
    [
      [
        [5, 5],
        [4, 3],
        [2, 3],
      ],
      true,
      "second",
    ], // on a tie
    [
      [
        [5, 1],
        [4, 3],
        [2, 3],
      ],
      false,
      "second",
    ], // of the last look
  ] as ReadonlyArray<readonly [ReadonlyArray<readonly [number, number]>, boolean, Tower]>)(
    "of looks with scores %j, keepBest %s, is the %s",
    async (scores, keepBest, expected) => {
      const { curve } = await train(scripted(scores), onnx, options, quiet);
      expect(betterTower(curve, { keepBest })).toBe(expected);
    },
  );

  it("needs a development set", () => {
    expect(() => withBetterTower(bare(), {}, settings, asEncoder)).toThrow(
      "keep is better, but there is no development set that would tell which of the two encoders is.",
    );
    expect(() => withBetterTower(bare(), { devPairs }, settings, asEncoder)).toThrow(
      'Port "devPairs" is linked, but port "devGold" is not.',
    );
  });
});
