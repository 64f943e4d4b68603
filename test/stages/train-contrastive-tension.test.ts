import { describe, expect, it } from "vitest";
import * as Schema from "effect/Schema";
import trainContrastiveTension from "../../stages/train-contrastive-tension.ts";
import { tinyBackbone, tinyPairs, tinyTokens } from "../training/tinyModel.ts";
import { runStage, stageFailure } from "./runStage.ts";

const inputs = { model: ["Backbone", tinyBackbone()], sentences: ["Tokens", tinyTokens(40)] } as const;
const small = { batchSize: 4, negatives: 1, maxTokens: 16, maxSteps: 2, learningRate: 1e-3 };
const word = "encoder.layer.0.output.dense.weight";

const run = (keep: object) => runStage(trainContrastiveTension, { inputs, config: { ...small, ...keep } });
const decode = (config: object) => () => Schema.decodeUnknownSync(trainContrastiveTension.config)(config);

describe("train-contrastive-tension", () => {
  it("gives the encoder that is kept, and a curve: by default the second", async () => {
    const [first, second, byDefault] = [await run({ keep: "first" }), await run({ keep: "second" }), await run({})];
    expect(byDefault.encoder.weights).toEqual(second.encoder.weights);
    expect(second.encoder.weights.get(word)).not.toEqual(first.encoder.weights.get(word));
    expect([...second.encoder.weights.keys()]).toEqual([...first.encoder.weights.keys()]);
    expect(second.encoder).toMatchObject({ kind: "bi-encoder", pooling: "mean", maxTokens: 16 });
    expect(Object.keys(second.curve.series)).toEqual([
      "loss",
      "learningRate",
      "gradientNorm",
      "scoreOfSame",
      "scoreOfDifferent",
    ]);
  });

  it("looks at a development set with the encoder that is kept", async () => {
    const pairs = tinyPairs(8);
    const gold = {
      pairs: pairs.pairs,
      scores: Float64Array.from(pairs.a.offsets.subarray(0, 8)),
      sets: Array<string>(8).fill("dev"),
    };
    const development = { devPairs: ["TokenPairs", pairs], devGold: ["Gold", gold] } as const;
    const looked = async (keep: "first" | "second") => {
      const config = { ...small, maxSteps: 4, devEvery: 2, keep };
      const { curve } = await runStage(trainContrastiveTension, { inputs: { ...inputs, ...development }, config });
      return curve.series["devUniformity"]!;
    };
    const [first, second] = [await looked("first"), await looked("second")];
    expect([...first].map(Number.isNaN)).toEqual([true, false, true, false]);
    expect(second[1]).not.toBe(first[1]);
  });

  it("tells a mistake in its settings before anything runs", () => {
    expect(decode({ batchSize: 20 })).toThrow("set batchSize to 16 or 24");
    expect(decode({ negatives: 4 })).toThrow("set batchSize to 15 or 20");
    expect(decode({ variant: "in-batch", form: "code" })).toThrow("form code has no in-batch negatives");
    expect(decode({ variant: "in-batch", batchSize: 20 })()).toMatchObject({ batchSize: 20 });
  });

  it("says of every field what it is, in which range, and what it is where it is left out in each form", () => {
    const { properties } = Schema.toJsonSchemaDocument(trainContrastiveTension.config).schema as unknown as {
      readonly properties: { readonly [field: string]: { readonly description?: string } };
    };
    for (const [field, { description }] of Object.entries(properties)) expect(description, field).toMatch(/Default/);
    expect(properties["optimizer"]!.description).toMatch(
      /Default: rmsprop-keras \(form code\), rmsprop \(form library\), adamw \(in-batch\)\.$/,
    );
    expect(properties["reduction"]!.description).toMatch(/Default: mean \(form code\), sum \(form library\)\.$/);
  });

  it("fails by name where there are too few sentences for a pass", async () => {
    const failure = await stageFailure(trainContrastiveTension, {
      inputs: { ...inputs, sentences: ["Tokens", tinyTokens(20)] },
      config: { form: "library", maxTokens: 16 },
    });
    expect(failure).toMatchObject({
      message: 'Port "sentences" has 20 sentences, but a batch of 16 pairs takes 30 that are not used twice.',
      hint: "Link more data, set batchSize lower, or set sampling to replacement.",
    });
  });
});
