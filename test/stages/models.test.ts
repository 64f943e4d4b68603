/** `load-model`, `train-tokenizer`, `tokenize`, `tokenize-pairs`: from files or from nothing to a model and ids. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Tokenizer } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { absentMeaningsOf } from "../../src/core/absentMeans.ts";
import type { ProgressReport } from "../../src/core/Stage.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { headSpecs, initializeWeights, parameterSpecs } from "../../src/nn/parameters.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import loadCrossEncoder from "../../stages/load-cross-encoder.ts";
import loadModel from "../../stages/load-model.ts";
import tokenizePairs from "../../stages/tokenize-pairs.ts";
import tokenize from "../../stages/tokenize.ts";
import trainTokenizer from "../../stages/train-tokenizer.ts";
import { folderOf, tinyConfig, tinyFiles, tinyWeights } from "../model/tinyFolder.ts";
import { runStage, sourceFile, stageFailure } from "./runStage.ts";

let folder = "";
const write = (name: string, bytes: Uint8Array) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tandem-model-"));
  for (const name of Object.keys(tinyFiles())) write(name, (await folderOf(tinyFiles()).read(name))!);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const given = (config: object = {}, names = Object.keys(tinyFiles())) => ({
  config: { source: "models/tiny", ...config },
  files: { source: names.map((name) => sourceFile(join(folder, name), name)) },
});

const isLast = (name: string) => name.startsWith(`encoder.layer.${tinyConfig.layers - 1}.`);
const equalNumbers = (a: Float32Array, b: Float32Array) => a.every((value, i) => value === b[i]);

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

  it("pads to a length that the model has positions for", async () => {
    const padding = { pooling: "mean-with-padding", paddedLength: 12 };
    const { encoder } = await runStage(loadModel, given(padding));
    expect(encoder.pooling).toEqual({ kind: "mean-with-padding", paddedLength: 12 });
    const failure = await stageFailure(loadModel, given({ pooling: "mean-with-padding" }));
    expect([failure.message, failure.hint]).toEqual([
      "paddedLength is 50, but the model has positions for 16 tokens",
      "set paddedLength to 16 or less",
    ]);
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

/** The folder with other weights in it: `load-model` and its relative are handed the file in the place of its own. */
const withWeights = (name: string, weights: Weights) => {
  write(`other/${name}`, writeSafetensors(weights));
  const files = given().files.source.filter((file) => file.name !== "model.safetensors");
  return { ...given(), files: { source: [...files, sourceFile(join(folder, "other", name), "model.safetensors")] } };
};

describe("load-cross-encoder", () => {
  it("reads the whole of a checkpoint with a classifier of one label", async () => {
    const { encoder, tokenizer } = await runStage(loadCrossEncoder, given());
    expect([encoder.kind, encoder.maxTokens]).toEqual(["cross-encoder", 10]);
    expect([...encoder.weights.keys()]).toEqual(
      parameterSpecs(tinyConfig, ["cross-encoder"]).map((parameter) => parameter.name),
    );
    for (const [name, tensor] of encoder.weights) expect(tensor).toEqual(tinyWeights.get(name));
    expect(encoder.tokenizer).toBe(contentDigest(await Tokenizer.encode(tokenizer)));
  });

  it("says what it found where that is no such classifier", async () => {
    const three = new Map(tinyWeights).set("classifier.weight", { shape: [3, 4], values: new Float32Array(12) });
    const none = new Map(tinyWeights);
    none.delete("classifier.weight");
    const failures = [
      await stageFailure(loadCrossEncoder, withWeights("three", three)),
      await stageFailure(loadCrossEncoder, withWeights("none", none)),
    ];
    expect(failures.map((failure) => failure.message)).toEqual([
      "models/tiny holds no cross-encoder: its checkpoint has a classifier of 3 labels, wanted is one",
      "models/tiny holds no cross-encoder: its checkpoint has no classifier",
    ]);
    expect(failures[0]!.hint).toMatch(/load-model/);
  });

  it("refuses a longest input beyond the positions", async () => {
    const failure = await stageFailure(loadCrossEncoder, given({ maxTokens: 17 }));
    expect(failure.message).toBe("maxTokens is 17, but the model has positions for 16 tokens");
  });
});

describe("load-model's wordHead", () => {
  const head = initializeWeights(headSpecs(tinyConfig, "mlm"), 3);
  const files = () => withWeights("words", new Map([...tinyWeights, ...head]));

  it("keeps the head that guesses words in `model` alone, and nowhere by default", async () => {
    const { model, encoder } = await runStage(loadModel, { ...files(), config: { source: "m", wordHead: true } });
    for (const [name, tensor] of head) expect(model.weights.get(name)).toEqual(tensor);
    const plain = await runStage(loadModel, files());
    for (const { weights } of [encoder, plain.model, plain.encoder])
      expect([...weights.keys()].filter((name) => name.startsWith("cls."))).toEqual([]);
  });

  it("is refused where the checkpoint has none", async () => {
    const failure = await stageFailure(loadModel, given({ wordHead: true }));
    expect(failure.message).toBe("the model has no head that guesses masked words");
  });

  it("leaves keys as they were where it is off", () => {
    expect(absentMeaningsOf(loadModel)).toEqual(
      new Map<string, unknown>([
        ["wordHead", false],
        ["reinitialize", 0],
      ]),
    );
  });
});

describe("load-model's reinitialize", () => {
  it("gives the last layers fresh weights from the seed, keeps all others and leaves a pooler out", async () => {
    const asRead = (await runStage(loadModel, given())).model.weights;
    const { model, encoder } = await runStage(loadModel, { ...given({ reinitialize: 1 }), seed: 5 });
    for (const [name, { values }] of model.weights) {
      const before = asRead.get(name)!.values;
      if (name.endsWith("dense.weight") || !isLast(name))
        expect(isLast(name) !== equalNumbers(values, before)).toBe(true);
    }
    expect(
      [...asRead.keys()].filter((name) => !model.weights.has(name)).every((name) => name.startsWith("pooler.")),
    ).toBe(true);
    const fresh = initializeWeights(parameterSpecs(tinyConfig), 5);
    const name = `encoder.layer.${tinyConfig.layers - 1}.output.dense.weight`;
    expect(encoder.weights.get(name)).toEqual(fresh.get(name));
    const failure = await stageFailure(loadModel, given({ reinitialize: 99 }));
    expect([failure.message, failure.hint]).toEqual([
      `reinitialize is 99, but the model has ${tinyConfig.layers} layers`,
      `set reinitialize to ${tinyConfig.layers} or less`,
    ]);
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
