import { describe, expect, it } from "vitest";
import { spearman } from "../../src/metrics/index.ts";
import { scorePairs } from "../../src/inference/score.ts";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import type { BiEncoder, CrossEncoder, Gold, TokenPairs } from "../../src/artifact/index.ts";
import { headSpecs, initializeWeights } from "../../src/nn/parameters.ts";
import evaluateSts from "../../stages/evaluate-sts.ts";
import { tinyBackbone, tinyConfig, tinyPairs } from "../training/tinyModel.ts";
import { runStage, stageFailure } from "./runStage.ts";

const backbone = tinyBackbone();
const encoder: BiEncoder = { ...backbone, kind: "bi-encoder", pooling: "mean", normalize: false, maxTokens: 16 };
const head = initializeWeights(headSpecs(tinyConfig, "cross-encoder"), 1);
const cross: CrossEncoder = {
  ...backbone,
  kind: "cross-encoder",
  maxTokens: 24,
  weights: new Map([...backbone.weights, ...head]),
};
const pairs: TokenPairs = tinyPairs(20);
const gold: Gold = {
  pairs: pairs.pairs,
  scores: Float64Array.from({ length: 20 }, (_, i) => (i * 7) % 6),
  sets: Array.from({ length: 20 }, (_, i) => (i < 12 ? "one" : "two")),
};

const evaluate = async (model: BiEncoder | CrossEncoder, changedGold: Partial<Gold> = {}) =>
  (await runStage(evaluateSts, { inputs: inputsFor(model, pairs, { ...gold, ...changedGold }) })).metrics.rows;

const inputsFor = (model: BiEncoder | CrossEncoder, tokens: TokenPairs, changed: Gold) => ({
  encoder: [model.kind === "bi-encoder" ? ("BiEncoder" as const) : ("CrossEncoder" as const), model] as const,
  pairs: ["TokenPairs", tokens] as const,
  gold: ["Gold", changed] as const,
});

describe("evaluate-sts", () => {
  it("gives Spearman × 100 of each set as a whole, and their plain mean", async () => {
    const scores = await scorePairs(encoder, pairs, new CpuEngine());
    const one = 100 * spearman(gold.scores.slice(0, 12), scores.slice(0, 12));
    const two = 100 * spearman(gold.scores.slice(12), scores.slice(12));
    const rows = await evaluate(encoder);
    expect(rows.slice(0, 3)).toEqual([
      { name: "one", value: one },
      { name: "two", value: two },
      { name: "average", value: (one + two) / 2 },
    ]);
  });

  it("gives alignment and uniformity of bi-encoders only", async () => {
    expect((await evaluate(encoder)).map((row) => row.name).slice(3)).toEqual(["alignment", "uniformity"]);
    expect((await evaluate(cross)).map((row) => row.name).slice(3)).toEqual([]);
  });

  it("refuses what does not belong together, and gold that orders nothing", async () => {
    const fail = async (changed: Partial<Gold>, tokens = pairs) =>
      (await stageFailure(evaluateSts, { inputs: inputsFor(encoder, tokens, { ...gold, ...changed }) })).message;
    expect(await fail({ pairs: "3".repeat(64) })).toBe(
      'The gold belongs to pairs 333333333333, but port "pairs" has 222222222222.',
    );
    expect(await fail({}, { ...pairs, tokenizer: "4".repeat(64) })).toBe(
      "The pairs were tokenized with tokenizer 444444444444, but the encoder was made for 111111111111.",
    );
    expect(await fail({ scores: new Float64Array(0) })).toBe(
      "There are no gold scores: of the sets one, two at least one has no score column.",
    );
    expect(await fail({ scores: gold.scores.map((score, i) => (i < 12 ? score : 3)) })).toBe(
      "All gold scores of the set two are equal: there is no order to compare with.",
    );
  });
});
