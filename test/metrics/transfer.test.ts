import { describe, expect, it } from "vitest";
import {
  accuracyOf,
  classifierSettings,
  type ClassifierOptions,
  type LabelledRows,
  trainClassifier,
} from "../../src/metrics/logisticRegression.ts";
import { stratifiedFolds, transferAccuracy } from "../../src/metrics/transferAccuracy.ts";
import { randomKey, uniformAt } from "../../src/nn/random.ts";

function drawFrom(seed: number) {
  const key = randomKey("transfer", seed);
  let drawn = 0;
  return () => uniformAt(key, drawn++);
}

/** Points around three corners, far enough from each other that lines part them. */
function blobs(rows: number, seed: number): LabelledRows {
  const draw = drawFrom(seed);
  const classes = Int32Array.from({ length: rows }, (_, row) => row % 3);
  const corner = (i: number) => {
    const angle = (2 * Math.PI * classes[Math.floor(i / 2)]!) / 3;
    return 4 * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  };
  const features = Float32Array.from({ length: 2 * rows }, (_, i) => corner(i) + 2 * (draw() - 0.5));
  return { dimension: 2, features, classes };
}

describe("trainClassifier", () => {
  // From zeros (every uniform number 0.5), all rows in one batch; recorded from PyTorch 2.13 in float64, weight decay 0.01.
  const rows = {
    dimension: 2,
    features: Float32Array.of(1, 2, 0, -1, 2, 0.5, -1, 1),
    classes: Int32Array.of(0, 1, 1, 2),
  };
  const passes = (options: Partial<ClassifierOptions>) =>
    trainClassifier(rows, rows, 3, 0.01, { ...classifierSettings.test, maxEpochs: 0, ...options }, () => 0.5)
      .classifier;

  it("updates as PyTorch's Adam does", () => {
    const { weights, bias } = passes({ epochSize: 4 });
    const expected = [
      0.003999048848355, 0.003999743280776, 0.003999766218327, -0.003999784770592, -0.003999630460375,
      0.004000017717111,
    ];
    expected.forEach((value, i) => expect(weights[i]).toBeCloseTo(value, 13));
    [-0.004000046111931, 0.003999605976928, -0.003999126761985].forEach((value, i) =>
      expect(bias[i]).toBeCloseTo(value, 13),
    );
  });

  it("updates as PyTorch's RMSprop does", () => {
    const { weights, bias } = passes({ optimizer: "rmsprop", epochSize: 2 });
    const expected = [
      0.152887263741931, 0.166496237780218, 0.167070348433639, -0.167055311572914, -0.16478437688629, 0.169796586922089,
    ];
    expected.forEach((value, i) => expect(weights[i]).toBeCloseTo(value, 13));
    [-0.170773698112223, 0.163809784083126, -0.154122556842463].forEach((value, i) =>
      expect(bias[i]).toBeCloseTo(value, 13),
    );
  });

  it("keeps the classifier of the best look", () => {
    const { classifier, accuracy } = trainClassifier(
      blobs(300, 1),
      blobs(60, 2),
      3,
      1e-4,
      classifierSettings.fast,
      drawFrom(3),
    );
    expect(accuracyOf(classifier, blobs(60, 2))).toBe(accuracy);
    expect(accuracy).toBeGreaterThan(0.95);
  });
});

describe("transferAccuracy", () => {
  const options = { classes: 3, folds: 5, classifier: { ...classifierSettings.fast, maxEpochs: 40 } };

  it("tests by the three ways, as there are dev and test rows", async () => {
    const [train, dev, test] = [blobs(300, 4), blobs(60, 5), blobs(60, 6)];
    for (const data of [{ train }, { train, test }, { train, dev, test }]) {
      const result = await transferAccuracy(data, { ...options, uniform: drawFrom(7) });
      expect(result.accuracy).toBeGreaterThan(0.9);
      expect(result.predicted?.length).toBe("test" in data ? 60 : undefined);
      expect(await transferAccuracy(data, { ...options, uniform: drawFrom(7) })).toEqual(result);
    }
  });

  it("gives the share of the most frequent class where features say nothing", async () => {
    const classes = Int32Array.from({ length: 100 }, (_, row) => (row % 10 < 7 ? 0 : 1));
    const train = { dimension: 2, features: new Float32Array(200).fill(1), classes };
    const result = await transferAccuracy({ train, test: train }, { ...options, classes: 2, uniform: drawFrom(8) });
    expect(result.accuracy).toBe(0.7);
  });

  it("spreads every class evenly over the folds, and refuses one too small", () => {
    const classes = Int32Array.from({ length: 47 }, (_, row) => (row < 30 ? 0 : 1));
    const folds = stratifiedFolds(classes, { folds: 5, uniform: drawFrom(9) });
    expect(folds.flat().toSorted((a, b) => a - b)).toEqual([...classes.keys()]);
    for (const fold of folds) expect(fold.filter((row) => classes[row] === 0).length).toBe(6);
    expect(() => stratifiedFolds(classes, { folds: 20, uniform: drawFrom(9) })).toThrow(
      "class 1 has 17 rows, fewer than 20 folds",
    );
  });
});
