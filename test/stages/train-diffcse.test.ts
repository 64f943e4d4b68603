import { describe, expect, it } from "vitest";
import * as Schema from "effect/Schema";
import pretrainMlm from "../../stages/pretrain-mlm.ts";
import trainDiffcse from "../../stages/train-diffcse.ts";
import { tinyBackbone, tinyGenerator, tinyPairs, tinyTokens } from "../training/tinyModel.ts";
import { runStage, stageFailure } from "./runStage.ts";

const sentences = ["Tokens", tinyTokens(24)] as const;
const model = ["Backbone", tinyBackbone()] as const;
const small = { batchSize: 4, maxTokens: 16, maxSteps: 2, learningRate: 1e-3 };
const pretrain = (config: object) =>
  runStage(pretrainMlm, { inputs: { model, sentences }, config: { ...small, ...config } });
const decode = (config: object) => Schema.decodeUnknownSync(trainDiffcse.config)(config);

describe("train-diffcse", () => {
  it("takes a generator that pretrain-mlm made with its head, and gives an encoder without projector and discriminator", async () => {
    const generator = (await pretrain({ wordHead: true })).model;
    const inputs = { model, sentences, generator: ["Backbone", generator] as const };
    const { encoder, curve } = await runStage(trainDiffcse, { inputs, config: small });
    expect(encoder).toMatchObject({ kind: "bi-encoder", pooling: "cls", maxTokens: 16 });
    expect([...encoder.weights.keys()]).toEqual([...model[1].weights.keys()]);
    expect(Object.keys(curve.series)).toEqual([
      "loss",
      "collapsedLoss",
      "learningRate",
      "gradientNorm",
      "contrastiveLoss",
      "detectionLoss",
      "replaced",
      "alignment",
      "uniformity",
    ]);
    const again = await runStage(trainDiffcse, { inputs, config: small });
    expect(again.encoder.weights).toEqual(encoder.weights);
    const paper = await runStage(trainDiffcse, { inputs, config: { ...small, form: "paper" } });
    expect(paper.curve.series["replaced"]).not.toEqual(curve.series["replaced"]);
  });

  it("looks at a development set where one is linked", async () => {
    const devPairs = tinyPairs(12);
    const devGold = {
      pairs: devPairs.pairs,
      scores: Float64Array.from({ length: 12 }, (_, row) => (row * 5) % 7),
      sets: Array.from({ length: 12 }, () => "dev"),
    };
    const generator = ["Backbone", tinyGenerator()] as const;
    const inputs = {
      model,
      sentences,
      generator,
      devPairs: ["TokenPairs", devPairs],
      devGold: ["Gold", devGold],
    } as const;
    const { curve } = await runStage(trainDiffcse, { inputs, config: { ...small, devEvery: 1 } });
    expect(curve.series["devSpearman"]!.some(Number.isNaN)).toBe(false);
  });

  it("fails by name where the generator came without its head", async () => {
    const generator = (await pretrain({})).model;
    expect(
      await stageFailure(trainDiffcse, {
        inputs: { model, sentences, generator: ["Backbone", generator] },
        config: small,
      }),
    ).toMatchObject({
      message: 'Port "generator" has a model without a head that guesses words.',
      hint: "Set wordHead to true in the step that makes it, load-model or pretrain-mlm.",
    });
  });

  it("has the published settings as defaults, and says of every field what it is", () => {
    expect(decode({})).toMatchObject({
      form: "code",
      temperature: 0.05,
      pooling: "cls",
      maskRatio: 0.3,
      detectionWeight: 0.005,
      generatorDropout: true,
      beforeProjector: false,
      batchSize: 64,
      learningRate: 7e-6,
      epochs: 2,
      warmupRatio: 0,
      weightDecay: 0,
      maxTokens: 32,
    });
    for (const field of ["words", "positions", "reduction", "projector"]) expect(decode({})).not.toHaveProperty(field);
    const { properties } = Schema.toJsonSchemaDocument(trainDiffcse.config).schema as unknown as {
      readonly properties: { readonly [field: string]: { readonly description?: string } };
    };
    for (const [field, { description }] of Object.entries(properties)) expect(description, field).toMatch(/Default/);
    expect(properties["words"]!.description).toMatch(/Default: argmax \(form code\), sample \(form paper\)\.$/);
    expect(() => decode({ maskRatio: 0 })).toThrow();
  });
});
