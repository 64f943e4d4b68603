/** `train-simbert` and `generate-paraphrases`: what they give, and what they say where their inputs do not fit. */
import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { Pairs, type Groups } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import type { ProgressReport } from "../../src/core/Stage.ts";
import type { Backbone, BiEncoder } from "../../src/nn/EncoderModel.ts";
import { headSpecs, initializeWeights, parameterSpecs, poolerSpecs } from "../../src/nn/parameters.ts";
import { groupsFrom } from "../../src/text/groups.ts";
import generateParaphrases from "../../stages/generate-paraphrases.ts";
import trainSimbert from "../../stages/train-simbert.ts";
import { tinyTokenizer, tinyTokenizerDigest } from "../kit/exportedModels.ts";
import { tinyConfig } from "../model/tinyFolder.ts";
import { runStage, stageFailure } from "./runStage.ts";

const backbone: Backbone = {
  kind: "backbone",
  config: tinyConfig,
  weights: initializeWeights(parameterSpecs(tinyConfig), 5),
  tokenizer: tinyTokenizerDigest,
  special: tinyTokenizer.special,
};
const groups = groupsFrom([
  ["the cat sleeps", "the cat sleeps !", "cat sleeps"],
  ["猫", "猫 猫"],
  ["the cat", "cat !"],
]);
const inputs = {
  model: ["Backbone", backbone],
  tokenizer: ["Tokenizer", tinyTokenizer],
  groups: ["Groups", groups],
} as const;
const small = { batchSize: 4, maxTokens: 8, maxSteps: 2, learningRate: 1e-3 };

const train = (given: object = {}, config: object = {}) =>
  runStage(trainSimbert, { inputs: { ...inputs, ...given }, config: { ...small, ...config } });

/** What is said before the first update. */
async function refusal(given: { model?: Backbone; groups?: Groups }, config: object = {}) {
  const reports: Array<ProgressReport> = [];
  const all = {
    ...inputs,
    ...(given.model === undefined ? {} : { model: ["Backbone", given.model] as const }),
    ...(given.groups === undefined ? {} : { groups: ["Groups", given.groups] as const }),
  };
  const failure = await stageFailure(trainSimbert, { inputs: all, config: { ...small, ...config }, reports });
  expect(reports.filter(({ unit }) => unit !== "sentences")).toEqual([]);
  expect(failure.cause).not.toBe("crashed");
  return `${failure.message} | ${failure.hint}`;
}

describe("train-simbert", () => {
  it("gives an encoder whose vector is a layer on [CLS], with the head that writes, and a curve of both losses", async () => {
    const { encoder, curve } = await train();
    expect(encoder).toMatchObject({ kind: "bi-encoder", pooling: "cls", dense: { dimension: 4 }, maxTokens: 8 });
    const names = [...parameterSpecs(tinyConfig, ["mlm"]).map(({ name }) => name), "dense.weight", "dense.bias"];
    expect([...encoder.weights.keys()]).toEqual(names);
    expect(Object.keys(curve.series).sort()).toEqual(
      ["gradientNorm", "learningRate", "loss", "similarityLoss", "writingLoss"].sort(),
    );
    const [loss, similarity, writing] = ["loss", "similarityLoss", "writingLoss"].map((name) => curve.series[name]!);
    loss!.forEach((value, i) => expect(value).toBeCloseTo(similarity![i]! + writing![i]!, 5));
  });

  it("starts from a pooler and a head that the model brings", async () => {
    const head = initializeWeights([...poolerSpecs(tinyConfig), ...headSpecs(tinyConfig, "mlm")], 9);
    const { encoder } = await train(
      { model: ["Backbone", { ...backbone, weights: new Map([...backbone.weights, ...head]) }] },
      { learningRate: 1e-12, maxSteps: 1, weightDecay: 0 },
    );
    for (const [theirs, own] of [["dense.weight", "pooler.dense.weight"], ["cls.predictions.transform.dense.weight"]])
      expect([...encoder.weights.get(theirs!)!.values]).toEqual(
        [...head.get(own ?? theirs!)!.values].map((value) => expect.closeTo(value, 7)),
      );
  });

  it("trains on what groups there are where they are fewer than a batch takes", async () => {
    const { curve } = await train({}, { batchSize: 128, maxSteps: 1 });
    expect(curve.series["loss"]).toHaveLength(1);
  });

  it("has the released code's settings as defaults", () => {
    expect(Schema.decodeUnknownSync(trainSimbert.config)({})).toMatchObject({
      scale: 30,
      maxCharacters: 30,
      batchSize: 128,
      learningRate: 2e-6,
      optimizer: "adamw-transformers",
      schedule: "constant",
      weightDecay: 0.01,
      decayed: "all",
      maxGradientNorm: 0,
      maxTokens: 32,
    });
  });

  it("says before the first update what in its groups does not do", async () => {
    expect(await refusal({ groups: groupsFrom([["the cat", "cat !"], ["猫"]]) })).toBe(
      'Group 2 on port "groups" has one sentence. | Link groups of at least two sentences.',
    );
    expect(await refusal({ groups: groupsFrom([["the cat", "cat !"]]) })).toBe(
      'Port "groups" has 1 group, which has no negative. | Link more groups.',
    );
    expect(
      await refusal({
        groups: groupsFrom([
          ["the cat", "cat !"],
          ["\u200b", "猫"],
        ]),
      }),
    ).toBe('Sentence 3 on port "groups" has no words. | Take it out: there is nothing to write.');
  });

  it("says before the first update what in its settings does not do", async () => {
    expect(await refusal({}, { batchSize: 5 })).toBe(
      "batchSize is 5, but rows come in twos. | Set it to an even number.",
    );
    expect(await refusal({}, { maxTokens: 9 })).toBe(
      "Two sentences of maxTokens 9 are up to 17 tokens, but the model has positions for 16 only. | Set maxTokens to 8 or less.",
    );
    expect(await refusal({ model: { ...backbone, tokenizer: "7".repeat(64) } })).toBe(
      `Port "tokenizer" has ${tinyTokenizerDigest.slice(0, 12)}, but the model was made for 777777777777. | Link the port \`tokenizer\` of the step that made the model.`,
    );
  });

  it("cuts sentences at a clause, where maxCharacters says so", async () => {
    const long = groupsFrom([["the cat, sleeps sleeps", "cat"], ["猫。the the the", "猫 !"]]); // prettier-ignore
    const cut = groupsFrom([["the cat", "cat"], ["猫。", "猫 !"]]); // prettier-ignore
    const [one, other] = [await train({ groups: ["Groups", long] }, { maxCharacters: 8 }), await train({ groups: ["Groups", cut] })]; // prettier-ignore
    expect(one.encoder.weights).toEqual(other.encoder.weights);
    expect((await train({ groups: ["Groups", long] })).encoder.weights).not.toEqual(one.encoder.weights);
  });
});

describe("generate-paraphrases", () => {
  const sentences = { texts: ["the cat sleeps", "猫"] };
  const of = (encoder: BiEncoder) => ({
    encoder: ["BiEncoder", encoder] as const,
    tokenizer: ["Tokenizer", tinyTokenizer] as const,
    sentences: ["Sentences", sentences] as const,
  });
  const config = { samples: 30, keep: 4, topK: 12, maxTokens: 8 };

  const said = async (model: BiEncoder, more: object = {}) =>
    (await stageFailure(generateParaphrases, { inputs: of(model), config: { ...config, ...more } })).message;

  it("pairs each sentence with what was written for it, the nearest first, with their cosines", async () => {
    const { encoder } = await train();
    const given = { inputs: of(encoder), config, seed: 3 };
    const { pairs, scores } = await runStage(generateParaphrases, given);
    expect(scores.pairs).toBe(contentDigest(await Pairs.encode(pairs)));
    expect(scores.range).toBe("cosine");
    for (const text of sentences.texts) {
      const rows = [...pairs.a.keys()].filter((row) => pairs.a[row] === text);
      expect(rows).toHaveLength(4);
      const cosines = rows.map((row) => scores.values[row]!);
      expect(cosines).toEqual([...cosines].sort((a, b) => b - a));
      for (const row of rows) expect(pairs.b[row]).toMatch(/^[a-z猫!# ]+$/);
    }
    expect(await runStage(generateParaphrases, given)).toEqual({ pairs, scores });
    expect((await runStage(generateParaphrases, { ...given, seed: 4 })).pairs).not.toEqual(pairs);
  });

  it("refuses an encoder that cannot write, one of another tokenizer, and texts that are too long", async () => {
    const { encoder } = await train();
    const { dense: _, ...plain } = encoder;
    expect(await said({ ...plain, weights: backbone.weights })).toBe("The encoder has no head that writes words.");
    expect(await said({ ...encoder, tokenizer: "7".repeat(64) })).toBe("The encoder was made for another tokenizer.");
    expect(await said(encoder, { maxTokens: 9 })).toBe(
      "Two texts of maxTokens 9 do not fit into the model's 16 positions.",
    );
  });

  it("says so where nothing new is written", async () => {
    const { encoder } = await train();
    const bias = { shape: [12], values: new Float32Array(12) };
    bias.values[tinyTokenizer.special.sep] = 1e3;
    const mute = { ...encoder, weights: new Map([...encoder.weights, ["cls.predictions.bias", bias] as const]) };
    expect(await said(mute)).toBe("Nothing new was written for any of 2 sentences.");
  });
});
