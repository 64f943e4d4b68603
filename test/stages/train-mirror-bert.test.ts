import { readFileSync } from "node:fs";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import trainMirrorBert from "../../stages/train-mirror-bert.ts";
import { Tokenizer } from "../../src/artifact/index.ts";
import type { Json } from "../../src/core/canonicalJson.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { Engine } from "../../src/engine/Engine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { readTokenizer, vocabularySize } from "../../src/model/tokenizerJson.ts";
import type { Backbone, ModelConfig } from "../../src/nn/EncoderModel.ts";
import { tinyBackbone } from "../training/tinyModel.ts";
import { runStage, stageFailure } from "./runStage.ts";

const onnx = new OnnxEngine();
afterAll(() => onnx.close());

/** A recorded tokenizer, and a tiny model made for it. */
async function modelFor(name: "uncased" | "roberta", shape: Partial<ModelConfig>) {
  const file = new URL(`../golden/tokenizers/${name}.json`, import.meta.url);
  const tokenizer = readTokenizer(
    JSON.parse(readFileSync(file, "utf8")) as { [key: string]: Json },
    {},
    `${name}.json`,
  );
  const bare = tinyBackbone({ maxPositions: 60, vocabSize: vocabularySize(tokenizer), ...shape });
  const digest = contentDigest(await Tokenizer.encode(tokenizer));
  const model: Backbone = { ...bare, tokenizer: digest, special: tokenizer.special };
  return { tokenizer, model };
}

let bert: Awaited<ReturnType<typeof modelFor>>;
let roberta: typeof bert;
beforeAll(async () => {
  bert = await modelFor("uncased", {});
  const { tokenizer } = await modelFor("roberta", {});
  const { pad } = tokenizer.special;
  const shape = { architecture: "roberta", typeVocabSize: 1, paddingIndex: pad, pairForm: "roberta" } as const;
  roberta = await modelFor("roberta", shape);
});

const texts = Array.from(
  { length: 12 },
  (_, i) => `Sentence ${i} says that ${"the rain falls on ".repeat(1 + (i % 3))}all.`,
);
const small = { batchSize: 4, learningRate: 1e-3 };
const given = (
  { tokenizer, model }: typeof bert,
  config: object,
  sentences: ReadonlyArray<string> = texts,
  seed = 1,
) => ({
  config,
  seed,
  inputs: {
    model: ["Backbone", model] as const,
    tokenizer: ["Tokenizer", tokenizer] as const,
    sentences: ["Sentences", { texts: sentences }] as const,
  },
  engine: Layer.succeed(Engine, onnx),
});
const run = (on: typeof bert, config: object = {}, sentences = texts, seed = 1) =>
  runStage(trainMirrorBert, given(on, { ...small, ...config }, sentences, seed));
const weightsOf = async (...args: Parameters<typeof run>) => (await run(...args)).encoder.weights;

/** A row of a table of embeddings. */
const rowOf = (weights: Backbone["weights"], table: string, row: number) =>
  weights.get(`embeddings.${table}_embeddings.weight`)!.values.slice(16 * row, 16 * (row + 1));
const decode = (config: object) => () => Schema.decodeUnknownSync(trainMirrorBert.config)(config);

describe("train-mirror-bert", () => {
  it("has the published settings as defaults", () => {
    expect(Schema.decodeUnknownSync(trainMirrorBert.config)({})).toEqual({
      temperature: 0.04,
      form: "code",
      maskLength: 5,
      dropHead: 0,
      batchSize: 200,
      learningRate: 2e-5,
      epochs: 1,
      warmupRatio: 0,
      schedule: "constant",
      optimizer: "adamw",
      momentum: 0,
      nesterov: false,
      weightDecay: 0.01,
      decayed: "all",
      maxGradientNorm: 0,
      maxTokens: 50,
      guards: { diverged: "fail", stuck: "warn", collapsed: "warn" },
    });
  });

  it("leaves the last, smaller batch out, keeps the rate, and tells what it saw", async () => {
    const { encoder, curve } = await run(bert, {}, texts.slice(0, 11));
    expect([...curve.step]).toEqual([1, 2]);
    expect(Object.keys(curve.series)).toEqual([
      "loss",
      "collapsedLoss",
      "learningRate",
      "gradientNorm",
      "alignment",
      "uniformity",
    ]);
    expect([...curve.series["learningRate"]!]).toEqual([...Float32Array.of(1e-3, 1e-3)]);
    expect(curve.series["collapsedLoss"]![0]).toBeCloseTo(Math.log(7), 6);
    expect([...encoder.weights.keys()]).toEqual([...bert.model.weights.keys()]);
  });

  it("pools as published: a BERT by the mean of 50 positions, a RoBERTa by its first token", async () => {
    const pooled = await run(bert, { maxSteps: 1 });
    expect([pooled.encoder.pooling, pooled.encoder.maxTokens]).toEqual([
      { kind: "mean-with-padding", paddedLength: 50 },
      50,
    ]);
    expect((await run(roberta, { maxSteps: 1 })).encoder.pooling).toBe("cls");
    expect((await run(roberta, { maxSteps: 1, pooling: "mean" })).encoder.pooling).toBe("mean");
  });

  it("trains a RoBERTa whose padding counts too: it has one position, and neither that nor its word learns", async () => {
    const padding = { pooling: "mean-with-padding", paddedLength: 40, maxSteps: 1, weightDecay: 0 };
    const trained = await weightsOf(roberta, padding);
    const { pad } = roberta.tokenizer.special;
    for (const table of ["word", "position"])
      expect(rowOf(trained, table, pad), table).toEqual(rowOf(roberta.model.weights, table, pad));
    expect(rowOf(trained, "position", pad + 1)).not.toEqual(rowOf(roberta.model.weights, "position", pad + 1));
  });

  it("depends on the seed alone, and on every setting that is its own", async () => {
    const first = await weightsOf(bert, { maxSteps: 2 });
    expect(await weightsOf(bert, { maxSteps: 2 })).toEqual(first);
    expect(await weightsOf(bert, { maxSteps: 2 }, texts, 2)).not.toEqual(first);
    for (const other of [
      { form: "paper" },
      { temperature: 0.2 },
      { maskLength: 0 },
      { dropHead: 0.5 },
      { paddedLength: 51 },
    ])
      expect(await weightsOf(bert, { maxSteps: 2, ...other }), JSON.stringify(other)).not.toEqual(first);
  });

  it("drops nothing but heads where heads are dropped, unless told to", async () => {
    const withHeads = await weightsOf(bert, { maxSteps: 1, dropHead: 0.5 });
    expect(await weightsOf(bert, { maxSteps: 1, dropHead: 0.5, dropout: 0 })).toEqual(withHeads);
    expect(await weightsOf(bert, { maxSteps: 1, dropHead: 0.5, dropout: 0.1 })).not.toEqual(withHeads);
  });

  it("names what does not fit before the first update", async () => {
    const failure = async (on: typeof bert, config: object, sentences: ReadonlyArray<string> = texts) => {
      const { cause, message, hint } = await stageFailure(trainMirrorBert, given(on, config, sentences));
      return [cause, message, hint];
    };
    expect(await failure(bert, {}, [])).toEqual([
      "stage-error",
      'Port "sentences" has no sentences to learn from.',
      "Link data that is not empty.",
    ]);
    expect(await failure(bert, {}, texts.slice(0, 1))).toEqual([
      "stage-error",
      'Port "sentences" has 1 sentence, but at least 2 are needed: one alone has no negative.',
      "Link more data.",
    ]);
    expect(await failure(bert, { paddedLength: 61 })).toEqual([
      "stage-error",
      "paddedLength is 61, but the model has positions for 60 tokens only.",
      "Set paddedLength to 60 or less.",
    ]);
    const foreign = { tokenizer: bert.tokenizer, model: roberta.model };
    const [digest, other] = [bert, roberta].map(({ model }) => model.tokenizer.slice(0, 12));
    expect(await failure(foreign, {})).toEqual([
      "stage-error",
      `Port "tokenizer" has tokenizer ${digest}, but the model was made for ${other}.`,
      "Link the tokenizer of the step that made the model: its port `tokenizer`.",
    ]);
    expect(await failure(bert, { momentum: 0.9 })).toEqual([
      "stage-error",
      "momentum is 0.9, but the optimizer adamw has none.",
      "Set optimizer to sgd, or leave momentum out.",
    ]);
    expect(decode({ batchSize: 1 })).toThrow(/greater than or equal to 2/);
    expect(decode({ pooling: "last" })).toThrow(/"mean-with-padding"/);
    expect(decode({ form: "both" })).toThrow(/"paper"/);
    expect(decode({ dropHead: 1 })).toThrow(/between 0 and 1 \(excluded\)/);
  });

  it("describes every setting with its default", () => {
    const { properties } = Schema.toJsonSchemaDocument(trainMirrorBert.config).schema as unknown as {
      readonly properties: { readonly [field: string]: { readonly description?: string } };
    };
    for (const [field, { description }] of Object.entries(properties)) expect(description, field).toMatch(/Default/);
  });
});
