import { describe, expect, it } from "vitest";
import type { BiEncoder, Gold, TokenPairs, Tokens } from "../../src/artifact/index.ts";
import evaluateTransfer from "../../stages/evaluate-transfer.ts";
import { tinyBackbone, tinyPairs, tinyTokens } from "../training/tinyModel.ts";
import { runStage, stageFailure } from "./runStage.ts";

const encoder: BiEncoder = { ...tinyBackbone(), kind: "bi-encoder", pooling: "mean", normalize: false, maxTokens: 16 };

/** Sentences of five topics; whether it is the first two of them is the class. */
const goldOf = (rows: number, pairs = "9".repeat(64)): Gold => ({
  pairs,
  scores: Float64Array.from({ length: rows }, (_, row) => (row % 5 < 2 ? 1 : 0)),
  sets: Array.from({ length: rows }, () => "topics"),
});

const sentences = (rows: number): Tokens => tinyTokens(rows);
const asInput = (rows: Tokens | TokenPairs) => ["a" in rows ? "TokenPairs" : "Tokens", rows] as const;
const given = (
  inputs: { readonly [port: string]: readonly ["Tokens" | "TokenPairs" | "Gold", unknown] },
  seed = 1,
) => ({
  config: { protocol: "fast" },
  seed,
  inputs: { encoder: ["BiEncoder" as const, encoder] as const, ...inputs },
});

const fail = async (inputs: Parameters<typeof given>[0]) =>
  (await stageFailure(evaluateTransfer, given(inputs))).message;

describe("evaluate-transfer", () => {
  it("tells topics apart by folds of the sentences alone, the same with the same seed", async () => {
    const inputs = given({ train: asInput(sentences(600)), trainGold: ["Gold", goldOf(600)] });
    const { metrics } = await runStage(evaluateTransfer, inputs);
    expect(metrics.rows.map(({ name }) => name)).toEqual(["average", "devAccuracy"]);
    expect(metrics.rows[0]!.value).toBeGreaterThan(65); // always class 0 gives 60
    expect((await runStage(evaluateTransfer, inputs)).metrics).toEqual(metrics);
  });

  it("takes pairs with a test set, and gives F1 of class 1 besides", async () => {
    const pairs = tinyPairs(60);
    const labels = { ...goldOf(60, pairs.pairs) };
    const inputs = given({
      train: asInput(pairs),
      trainGold: ["Gold", labels],
      test: asInput(pairs),
      testGold: ["Gold", labels],
    });
    const { metrics } = await runStage(evaluateTransfer, inputs);
    expect(metrics.rows.map(({ name }) => name)).toEqual(["average", "devAccuracy", "f1"]);
    expect(metrics.rows.every(({ value }) => value > 0 && value <= 100)).toBe(true);
  });

  it("refuses parts that do not fit, by name", async () => {
    const train = { train: asInput(sentences(100)), trainGold: ["Gold", goldOf(100)] as const };
    expect(await fail({ ...train, trainGold: ["Gold", goldOf(99)] })).toBe(
      'The gold of port "train" is not that of its rows (100 rows, 99 labels).',
    );
    expect(await fail({ ...train, test: asInput(sentences(10)) })).toBe(
      'Only one of the ports "test" and "testGold" is linked.',
    );
    expect(await fail({ ...train, dev: asInput(sentences(10)), devGold: ["Gold", goldOf(10)] })).toBe(
      'Port "dev" is linked, but "test" is not.',
    );
    const graded = { ...goldOf(100), scores: goldOf(100).scores.map((label) => label + 0.5) };
    expect(await fail({ ...train, trainGold: ["Gold", graded] })).toBe(
      'Row 1 of the gold of port "train" is 1.5: classes are 0, 1, 2 …',
    );
    const few = { ...goldOf(100), scores: goldOf(100).scores.map((_, row) => (row < 3 ? 1 : 0)) };
    expect(await fail({ ...train, trainGold: ["Gold", few] })).toBe(
      "Class 1 has 3 rows to train on, fewer than the 5 folds.",
    );
  });
});
