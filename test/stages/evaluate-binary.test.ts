import { describe, expect, it } from "vitest";
import type { BiEncoder, Gold, TokenPairs } from "../../src/artifact/index.ts";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { scorePairs } from "../../src/inference/score.ts";
import { bestAccuracy, bestF1, rocAuc } from "../../src/metrics/index.ts";
import evaluateBinary from "../../stages/evaluate-binary.ts";
import { tinyBackbone, tinyPairs } from "../training/tinyModel.ts";
import { runStage, stageFailure } from "./runStage.ts";

const encoder: BiEncoder = {
  ...tinyBackbone(),
  kind: "bi-encoder",
  pooling: "mean",
  normalize: false,
  maxTokens: 16,
};
const pairs: TokenPairs = tinyPairs(20);
const gold: Gold = {
  pairs: pairs.pairs,
  scores: Float64Array.from({ length: 20 }, (_, i) => ((i * 7) % 3) % 2),
  sets: Array.from({ length: 20 }, () => "mrpc"),
};
const inputsFor = (changed: Partial<Gold> = {}, model: BiEncoder = encoder) => ({
  inputs: {
    encoder: ["BiEncoder" as const, model] as const,
    pairs: ["TokenPairs" as const, pairs] as const,
    gold: ["Gold" as const, { ...gold, ...changed }] as const,
  },
});

describe("evaluate-binary", () => {
  it("gives the area under the curve × 100, and accuracy and F1 at their best thresholds", async () => {
    const scores = await scorePairs(encoder, pairs, new CpuEngine());
    const [accuracy, f1] = [bestAccuracy(gold.scores, scores), bestF1(gold.scores, scores)];
    expect((await runStage(evaluateBinary, inputsFor())).metrics.rows).toEqual([
      { name: "mrpc", value: 100 * rocAuc(gold.scores, scores) },
      { name: "average", value: 100 * rocAuc(gold.scores, scores) },
      { name: "accuracy", value: 100 * accuracy.value },
      ...(accuracy.threshold === Infinity ? [] : [{ name: "accuracyThreshold", value: accuracy.threshold }]),
      { name: "f1", value: 100 * f1.value },
      { name: "f1Threshold", value: f1.threshold },
    ]);
  });

  it("gives numbers for an encoder whose scores are all equal", async () => {
    const collapsed = new Map(
      [...encoder.weights].map(([name, { shape, values }]) => [name, { shape, values: values.map(() => 0) }]),
    );
    const { metrics } = await runStage(evaluateBinary, inputsFor({}, { ...encoder, weights: collapsed }));
    expect(metrics.rows.find(({ name }) => name === "average")!.value).toBe(50);
  });

  it("names sets where there are several, and refuses labels that are none", async () => {
    const two = { sets: gold.sets.map((_, row) => (row < 10 ? "one" : "two")) };
    const names = (await runStage(evaluateBinary, inputsFor(two))).metrics.rows.map(({ name }) => name);
    expect(names.filter((name) => !name.endsWith("Threshold"))).toEqual([
      "one",
      "two",
      "average",
      "one.accuracy",
      "one.f1",
      "two.accuracy",
      "two.f1",
    ]);
    const fail = async (changed: Partial<Gold>) => (await stageFailure(evaluateBinary, inputsFor(changed))).message;
    expect(await fail({ scores: gold.scores.map((score, row) => (row === 3 ? 4.2 : score)) })).toBe(
      "Row 4 of the gold is 4.2: labels are 1 (alike) and 0 (not).",
    );
    expect(await fail({ scores: gold.scores.map(() => 1) })).toBe(
      "All labels of the set mrpc are 1: there is nothing to tell apart.",
    );
  });
});
