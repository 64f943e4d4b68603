/** `load-model`, `train-tokenizer`, `tokenize`, `tokenize-pairs`: from files or from nothing to a model and ids. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Tokenizer } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import type { ProgressReport } from "../../src/core/Stage.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import loadModel from "../../stages/load-model.ts";
import tokenizePairs from "../../stages/tokenize-pairs.ts";
import tokenize from "../../stages/tokenize.ts";
import trainTokenizer from "../../stages/train-tokenizer.ts";
import { folderOf, tinyConfig, tinyFiles } from "../model/tinyFolder.ts";
import { runStage, sourceFile, stageFailure } from "./runStage.ts";

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tandem-model-"));
  for (const name of Object.keys(tinyFiles())) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), (await folderOf(tinyFiles()).read(name))!);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const given = (config: object = {}, names = Object.keys(tinyFiles())) => ({
  config: { source: "models/tiny", ...config },
  files: { source: names.map((name) => sourceFile(join(folder, name), name)) },
});

const sentences = { texts: ["the cat sleeps", "the cat", "a dog sleeps", ""] };
const trained = async () =>
  (await runStage(trainTokenizer, { config: { vocabSize: 60 }, inputs: { sentences: ["Sentences", sentences] } }))
    .tokenizer;

describe("load-model", () => {
  it("reads a folder: the encoder bare and with its pooling, and its tokenizer", async () => {
    const { model, encoder, tokenizer } = await runStage(loadModel, given());
    expect(model.config).toEqual(tinyConfig);
    expect([encoder.pooling, encoder.maxTokens]).toEqual(["cls", 10]);
    expect([model.weights.has("pooler.dense.weight"), encoder.weights.has("pooler.dense.weight")]).toEqual([
      true,
      false,
    ]);
    const digest = contentDigest(await Tokenizer.encode(tokenizer));
    expect([model.tokenizer, encoder.tokenizer]).toEqual([digest, digest]);
  });

  it("takes pooling and longest input from the config where it has them", async () => {
    const { encoder } = await runStage(loadModel, given({ pooling: "mean", maxTokens: 12 }));
    expect([encoder.pooling, encoder.maxTokens]).toEqual(["mean", 12]);
  });

  it("says what is missing, with the folder as written", async () => {
    const names = Object.keys(tinyFiles()).filter((name) => name !== "tokenizer.json");
    const failure = await stageFailure(loadModel, given({}, names));
    expect([failure.message, failure.path]).toEqual([
      "models/tiny is not a model folder: it lacks tokenizer.json",
      "models/tiny",
    ]);
  });

  it("refuses a longest input beyond the positions", async () => {
    const failure = await stageFailure(loadModel, given({ maxTokens: 17 }));
    expect(failure.message).toBe("maxTokens is 17, but the model has positions for 16 tokens");
  });

  const fresh = { layers: 1, hiddenSize: 8, heads: 2, maxPositions: 16 };

  it("makes a fresh model for a tokenizer: the same for the same seed", async () => {
    const tokenizer = await trained();
    const make = (seed: number) =>
      runStage(loadModel, { config: { fresh }, inputs: { tokenizer: ["Tokenizer", tokenizer] }, seed });
    const { model, encoder } = await make(1);
    const vocab = (tokenizer.json["model"] as { readonly vocab: object }).vocab;
    expect(model.config).toMatchObject({ vocabSize: Object.keys(vocab).length, intermediateSize: 32 });
    expect([encoder.pooling, encoder.maxTokens]).toEqual(["mean", 16]);
    expect(model.tokenizer).toBe(contentDigest(await Tokenizer.encode(tokenizer)));
    expect((await make(1)).model).toEqual(model);
    expect((await make(2)).model.weights).not.toEqual(model.weights);
  });

  it("wants a tokenizer for a fresh model, and none for one from a folder", async () => {
    const tokenizer = await trained();
    expect((await stageFailure(loadModel, { config: { fresh } })).message).toBe("a fresh model needs a tokenizer");
    const both = { ...given(), inputs: { tokenizer: ["Tokenizer", tokenizer] as const } };
    expect((await stageFailure(loadModel, both)).message).toBe("a model read from a folder brings its own tokenizer");
  });
});

describe("train-tokenizer", () => {
  it("gives a tokenizer with the special tokens first", async () => {
    expect((await trained()).special).toEqual({ pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 });
  });

  it("refuses a size that does not hold the characters", async () => {
    const failure = await stageFailure(trainTokenizer, {
      config: { vocabSize: 6 },
      inputs: { sentences: ["Sentences", sentences] },
    });
    expect(failure.hint).toMatch(/^set vocabSize to \d+ or more$/);
  });
});

describe("tokenize and tokenize-pairs", () => {
  it("give ids that carry the digests of what they were made from", async () => {
    const { tokenizer } = await runStage(loadModel, given());
    const reports: Array<ProgressReport> = [];
    const inputs = { tokenizer: ["Tokenizer", tokenizer] as const, sentences: ["Sentences", sentences] as const };
    const { tokens } = await runStage(tokenize, { inputs, reports });
    expect(tokens.tokenizer).toBe(contentDigest(await Tokenizer.encode(tokenizer)));
    expect(tokens.special).toEqual(tokenizer.special);
    expect(tokens.ids).toEqual(raggedFrom([[5, 6, 7, 8], [5, 6], [1, 1, 7, 8], []]));
    expect(reports.at(-1)).toEqual({ done: 4, total: 4, unit: "sentences" });
    const pairs = { a: ["the cat", "cat"], b: ["sleep", "the"] };
    const both = { tokenizer: inputs.tokenizer, pairs: ["Pairs", pairs] as const };
    const made = (await runStage(tokenizePairs, { inputs: both })).tokens;
    expect([made.a, made.b]).toEqual([raggedFrom([[5, 6], [6]]), raggedFrom([[7], [5]])]);
    expect(made.pairs).toHaveLength(64);
  });

  it("stop when asked to", async () => {
    const tokenizer = await trained();
    const failure = await stageFailure(tokenize, {
      inputs: { tokenizer: ["Tokenizer", tokenizer], sentences: ["Sentences", sentences] },
      isInterrupted: () => true,
    });
    expect(failure.cause).toBe("interrupted");
  });
});
