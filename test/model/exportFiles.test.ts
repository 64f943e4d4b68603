import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { architectures } from "../../src/model/architectures.ts";
import { exportFiles, ownPooling } from "../../src/model/exportFiles.ts";
import { readModelFolder } from "../../src/model/modelFolder.ts";
import { modelIdentity } from "../../src/model/modelIdentity.ts";
import { assemblePair, assembleSingle } from "../../src/nn/assembleInput.ts";
import { encodeTexts } from "../../src/model/encodeTexts.ts";
import type {
  Architecture,
  Backbone,
  BiEncoder,
  EncoderModel,
  ModelConfig,
  Pooling,
} from "../../src/nn/EncoderModel.ts";
import { headSpecs, initializeWeights, parameterSpecs } from "../../src/nn/parameters.ts";
import { raggedRow } from "../../src/nn/Ragged.ts";
import { tinyBiEncoder, tinyCrossEncoder, tinyTokenizer, tinyTokenizerDigest } from "../kit/exportedModels.ts";

const exported = (model: EncoderModel, tokenizer: Tokenizer = tinyTokenizer) =>
  new Map(exportFiles(model, tokenizer).map(({ name, bytes }) => [name, bytes]));

const json = (files: ReadonlyMap<string, Uint8Array>, name: string) =>
  JSON.parse(new TextDecoder().decode(files.get(name))) as { [key: string]: unknown };

const readBack = (files: ReadonlyMap<string, Uint8Array>) =>
  readModelFolder({ path: "exported", read: (name) => Promise.resolve(files.get(name)) });

const pooledBy = (pooling: Pooling): EncoderModel => ({ ...tinyBiEncoder, pooling });

describe("exportFiles", () => {
  it("writes a bi-encoder that reads back to the same weights, tokenizer and ways", async () => {
    const { pooling, normalize, maxTokens, config, weights } = tinyBiEncoder;
    const back = await readBack(exported(tinyBiEncoder));
    expect(back).toMatchObject({ pooling, normalize, maxTokens, config, classifier: undefined });
    expect(new Map([...back.weights].sort())).toEqual(new Map([...weights].sort()));
    const tokenizer = contentDigest(await Tokenizer.encode(back.tokenizer));
    expect(tokenizer).toBe(tinyTokenizerDigest);
    expect(modelIdentity({ ...tinyBiEncoder, weights: back.weights })).toBe(modelIdentity(tinyBiEncoder));
  });

  it.each(["cls", "max"] as const)("keeps pooling %s, and embeddings as they are, apart", async (pooling) => {
    const model: EncoderModel = { ...tinyBiEncoder, pooling, normalize: false };
    const files = exported(model);
    expect([...files.keys()].filter((name) => name.startsWith("2_"))).toEqual([]);
    expect(await readBack(files)).toMatchObject({ pooling, normalize: false });
    expect(modelIdentity({ ...tinyBiEncoder, pooling })).not.toBe(modelIdentity(tinyBiEncoder));
    expect(ownPooling(model)).toBe(undefined);
  });

  it("writes a layer on the pooled states as a Dense that reads back", async () => {
    const values = Float32Array.from({ length: 3 * tinyBiEncoder.config.hiddenSize }, (_, i) => Math.sin(i));
    const layer = new Map([
      ["dense.weight", { shape: [3, tinyBiEncoder.config.hiddenSize], values }],
      ["dense.bias", { shape: [3], values: Float32Array.of(1, -2, 0.5) }],
    ]);
    const files = exported({
      ...tinyBiEncoder,
      weights: new Map([...tinyBiEncoder.weights, ...layer]),
      dense: { dimension: 3 },
      normalize: true,
    });
    const modules = JSON.parse(new TextDecoder().decode(files.get("modules.json"))) as Array<{ path: string }>;
    expect(modules.map(({ path }) => path)).toEqual(["", "1_Pooling", "2_Dense", "3_Normalize"]);
    const back = await readBack(files);
    expect(back.dense).toEqual({ dimension: 3, weights: layer });
    expect([back.normalize, back.weights.has("dense.weight")]).toEqual([true, false]);
    files.delete("2_Dense/model.safetensors");
    await expect(readBack(files)).rejects.toThrow("2_Dense/config.json or 2_Dense/model.safetensors is missing");
  });

  it.each(Object.keys(architectures) as Array<Architecture>)(
    "keeps the head that writes of a %s",
    async (architecture) => {
      const config: ModelConfig = {
        ...tinyBiEncoder.config,
        architecture,
        ...(architectures[architecture].countsFromPadding
          ? { paddingIndex: 1, typeVocabSize: 1, pairForm: "roberta" }
          : {}),
        ...(architectures[architecture].hasSegments ? {} : { typeVocabSize: 0 }),
      };
      const weights = initializeWeights(parameterSpecs(config, ["mlm"]), 7);
      const head = new Map(headSpecs(config, "mlm").map(({ name }) => [name, weights.get(name)!]));
      const model: BiEncoder = { ...tinyBiEncoder, config, weights, pooling: "cls" };
      const back = await readBack(exported(model));
      expect(back.wordHead).toEqual(head);
      expect([...back.weights.keys()].filter((name) => head.has(name))).toEqual([]);
      // What embeds is the same model, with or without the head that writes.
      expect(modelIdentity({ ...model, weights: back.weights })).toBe(modelIdentity(model));
    },
  );

  it("knows which poolings no other program has", () => {
    expect(ownPooling(pooledBy("first-last"))).toBe("first-last");
    expect(ownPooling(pooledBy({ kind: "mean-with-padding", paddedLength: 9 }))).toBe("mean-with-padding to 9");
    expect(ownPooling(tinyCrossEncoder)).toBe(undefined);
  });

  it("writes a cross-encoder as a classifier of one label that reads back whole", async () => {
    const files = exported(tinyCrossEncoder);
    expect(json(files, "config.json")).toMatchObject({
      architectures: ["BertForSequenceClassification"],
      id2label: { "0": "LABEL_0" },
    });
    const back = await readBack(files);
    const weights = new Map([...back.weights, ...back.classifier!]);
    expect(new Map([...weights].sort())).toEqual(new Map([...tinyCrossEncoder.weights].sort()));
    expect([back.pooling, back.maxTokens]).toEqual([undefined, 10]);
  });

  it("writes a bare encoder, its pooler with it", async () => {
    const weights = new Map([...tinyCrossEncoder.weights].filter(([name]) => !name.startsWith("classifier.")));
    const { config, tokenizer, special } = tinyCrossEncoder;
    const backbone: Backbone = { kind: "backbone", config, tokenizer, special, weights };
    const files = exported(backbone);
    expect(files.has("modules.json")).toBe(false);
    expect(new Set((await readBack(files)).weights.keys())).toEqual(new Set(weights.keys()));
  });

  it("writes a tokenizer that adds the special tokens as our encoders do, for texts and pairs", async () => {
    const files = exported(tinyCrossEncoder);
    const library = await import("@huggingface/tokenizers");
    const tokenizer = new library.Tokenizer(json(files, "tokenizer.json"), json(files, "tokenizer_config.json")) as {
      encode: (
        text: string,
        options: { text_pair?: string; return_token_type_ids: boolean },
      ) => { ids: Array<number>; token_type_ids: Array<number> };
    };
    const [a, b] = ["The cat sleeps!", "猫 the"];
    const ids = await encodeTexts(tinyTokenizer, [a, b]);
    const single = assembleSingle(raggedRow(ids, 0), tinyTokenizer.special, 16);
    expect(tokenizer.encode(a, { return_token_type_ids: true }).ids).toEqual([...single.ids]);
    const pair = assemblePair(raggedRow(ids, 0), raggedRow(ids, 1), tinyTokenizer.special, 16);
    const encoded = tokenizer.encode(a, { text_pair: b, return_token_type_ids: true });
    expect([encoded.ids, encoded.token_type_ids]).toEqual([[...pair.ids], [...pair.types]]);
  });

  it("cuts as the model does: longest first, at its longest input", () => {
    const files = exported(tinyBiEncoder);
    expect(json(files, "tokenizer.json")["truncation"]).toMatchObject({ max_length: 10, strategy: "LongestFirst" });
    expect(json(files, "tokenizer_config.json")).toMatchObject({
      model_max_length: 10,
      tokenizer_class: "BertTokenizer",
    });
    expect(json(files, "sentence_bert_config.json")).toMatchObject({ max_seq_length: 10 });
  });

  it("lists the vocabulary in the order of ids", () => {
    const lines = new TextDecoder().decode(exported(tinyBiEncoder).get("vocab.txt")).split("\n");
    expect(lines).toEqual([..."[PAD] [UNK] [CLS] [SEP] [MASK] the cat sleep ##s tostring 猫 !".split(" "), ""]);
  });

  it("calls a tokenizer BERT's only where its steps are BERT's, for loaders would put BERT's in their place", () => {
    const plain: Tokenizer = { ...tinyTokenizer, json: { ...tinyTokenizer.json, normalizer: { type: "Lowercase" } } };
    const files = exported(tinyBiEncoder, plain);
    expect(json(files, "tokenizer_config.json")).toMatchObject({ tokenizer_class: "PreTrainedTokenizerFast" });
  });

  it("gives the same bytes for the same model", () => {
    expect(exported(tinyBiEncoder)).toEqual(exported(tinyBiEncoder));
  });
});
