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

  it("keeps the better one on a development set in the authors' form, the second in the library's", async () => {
    const devPairs = tinyPairs(12);
    const devGold = {
      pairs: devPairs.pairs,
      scores: Float64Array.from({ length: 12 }, (_, row) => (row * 5) % 7),
      sets: Array.from({ length: 12 }, () => "dev"),
    };
    const looking = { ...inputs, devPairs: ["TokenPairs", devPairs], devGold: ["Gold", devGold] } as const;
    const code = await runStage(trainContrastiveTension, { inputs: looking, config: small });
    expect(Object.keys(code.curve.series)).toEqual(
      expect.arrayContaining(["devSpearman", "devSpearmanOfFirst", "devSpearmanOfSecond"]),
    );
    const library = await runStage(trainContrastiveTension, { inputs: looking, config: { ...small, form: "library" } });
    expect(Object.keys(library.curve.series)).toContain("devSpearman");
    expect(Object.keys(library.curve.series)).not.toContain("devSpearmanOfFirst");
  });

  it("fails by name where the better one is asked for without a development set", async () => {
    expect(await stageFailure(trainContrastiveTension, { inputs, config: { ...small, keep: "better" } })).toMatchObject(
      {
        hint: "Link devPairs and devGold, or set keep to first or second.",
      },
    );
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
