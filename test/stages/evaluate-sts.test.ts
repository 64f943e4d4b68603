import { describe, expect, it } from "vitest";
import { spearman } from "../../src/metrics/index.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
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

  it("takes two towers, one for each side", async () => {
    const second = { ...encoder, weights: tinyBackbone({}, 6).weights };
    const inputs = { ...inputsFor(encoder, pairs, gold), second: ["BiEncoder", second] as const };
    const { metrics } = await runStage(evaluateSts, { inputs });
    const cpu = new CpuEngine();
    const [left, right] = [await encodeTokens(encoder, pairs.a, cpu), await encodeTokens(second, pairs.b, cpu)];
    const dim = tinyConfig.hiddenSize;
    const cosines = Float32Array.from({ length: 20 }, (_, row) => {
      const [a, b] = [left, right].map((all) => all.subarray(row * dim, (row + 1) * dim)) as [
        Float32Array,
        Float32Array,
      ];
      return a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
    });
    expect(metrics.rows[0]!.value).toBeCloseTo(100 * spearman(gold.scores.slice(0, 12), cosines.slice(0, 12)), 4);
    expect(metrics.rows.map((row) => row.name).slice(3)).toEqual(["alignment", "uniformity"]);
    expect(metrics.rows).not.toEqual(await evaluate(encoder));
    const narrow = { ...second, config: { ...second.config, hiddenSize: 8 } };
    const failure = await stageFailure(evaluateSts, { inputs: { ...inputs, second: ["BiEncoder", narrow] as const } });
    expect(failure.message).toBe(
      "The encoders on the ports encoder and second are not two towers: their embeddings have no cosine.",
    );
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
