import { describe, expect, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { checkLabels } from "../../src/training/checks.ts";
import { biEncoder } from "../../src/training/methods/biEncoder.ts";
import { crossEncoder } from "../../src/training/methods/crossEncoder.ts";
import { train } from "../../src/training/train.ts";
import { tinyBackbone, tinyOptions, tinyPairs, tinyScores } from "./tinyModel.ts";

const model = tinyBackbone();
const pairs = tinyPairs(4);
const cross = { ...tinyOptions, labels: "cosine-raw" as const, bothOrders: true };
const scores = (range: "cosine" | "probability", ...values: ReadonlyArray<number>) => ({
  ...tinyScores(0, range),
  values: Float32Array.from(values),
});
const regression = (...values: ReadonlyArray<number>) =>
  biEncoder(model, pairs, scores("cosine", ...values), "mean", tinyOptions, 1).warnings;

describe("labels", () => {
  const below =
    "2 of 4 labels are below 0, where the loss has no lower bound (the first: label 2, -0.5). Set labels to clamp or affine to avoid it.";

  it("below 0 are counted for a cross-encoder, and gone where they are clamped or mapped", () => {
    const given = scores("cosine", 0.5, -0.5, 1, -0.25);
    expect(crossEncoder(model, pairs, given, cross, 1).warnings).toEqual([below]);
    expect(crossEncoder(model, pairs, given, { ...cross, labels: "clamp" }, 1).warnings).toEqual([]);
    expect(crossEncoder(model, pairs, given, { ...cross, labels: "affine" }, 1).warnings).toEqual([]);
    expect(crossEncoder(model, pairs, given, { ...cross, guards: { labels: "ignore" } }, 1).warnings).toEqual([]);
    expect(() => crossEncoder(model, pairs, given, { ...cross, guards: { labels: "fail" } }, 1)).toThrow(
      "2 of 4 labels are below 0, where the loss has no lower bound (the first: label 2, -0.5).",
    );
  });

  it("above 1 are counted too, but not for a rounding", () => {
    expect(crossEncoder(model, pairs, scores("probability", 0, 1.0000002, 1, 0.5), cross, 1).warnings).toEqual([]);
    expect(crossEncoder(model, pairs, scores("cosine", 0, -1, 1.5, 0.5), cross, 1).warnings![0]).toMatch(
      /^2 of 4 labels are outside 0 to 1, where the loss has no lower bound \(the first: label 2, -1\)\./,
    );
  });

  it("outside -1 to 1 are counted for a bi-encoder", () => {
    expect(regression(-1, 1, 0, -1.0000002)).toEqual([]);
    expect(regression(-1, 1, 0, 5)).toEqual([
      "1 of 4 labels are outside -1 to 1, where no cosine reaches (the first: label 4, 5). Link scores that are cosines or probabilities.",
    ]);
  });

  it("that are no numbers are an error that names the first", () => {
    const given = scores("cosine", 0, Number.NaN, 0, Infinity);
    for (const make of [
      () => crossEncoder(model, pairs, given, { ...cross, guards: { labels: "ignore" } }, 1),
      () => biEncoder(model, pairs, given, "mean", tinyOptions, 1),
    ])
      expect(make).toThrow('Score 2 of 4 on port "scores" is NaN.');
  });

  it("are told before the first update", async () => {
    const warnings: Array<string> = [];
    const method = crossEncoder(model, pairs, scores("cosine", 0.5, -0.5, 1, -0.25), cross, 1);
    const watcher = {
      report: () => {},
      warn: (message: string) => void warnings.push(message),
      isInterrupted: () => false,
    };
    await train(method, new CpuEngine(), { ...cross, maxSteps: 1 }, watcher);
    expect(warnings).toEqual([below]);
    expect(checkLabels(new Float32Array(0), { least: 0, most: 1, because: "", hint: "" })).toEqual([]);
  });
});
