import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { readModelFolder } from "../../src/model/modelFolder.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { configJson, folderOf, tinyConfig, tinyFiles, tinyWeights, tokenizerJson, type Files } from "./tinyFolder.ts";
import type { ModelProblem } from "../../src/model/ModelProblem.ts";

const load = (changes: Files = {}) => readModelFolder(folderOf({ ...tinyFiles(), ...changes }));

const problem = (changes: Files): Promise<string> =>
  load(changes).then(
    () => "loaded",
    (error: ModelProblem) => {
      expect(error.hint).toBeTruthy();
      return error.message;
    },
  );

const formOf = async (post_processor: unknown) =>
  (await load({ "tokenizer.json": { ...tokenizerJson, post_processor } })).config.pairForm;

const renamedWeights = (rename: (name: string) => string): Weights =>
  new Map([...tinyWeights].map(([name, tensor]) => [rename(name), tensor]));

describe("a model folder", () => {
  it("gives config, weights, tokenizer, pooling and the longest input", async () => {
    const model = await load();
    expect(model.config).toEqual(tinyConfig);
    expect([model.pooling, model.maxTokens]).toEqual(["cls", 10]);
    expect(model.tokenizer.special).toEqual({ pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 });
    const names = [...tinyWeights.keys()].filter((name) => !name.startsWith("classifier."));
    expect([...model.weights.keys()].sort()).toEqual(names.sort());
    for (const name of names) expect(model.weights.get(name)).toEqual(tinyWeights.get(name));
  });

  it("may have the prefix of a task model, old names and the heads of other tasks", async () => {
    const old = renamedWeights((name) => `bert.${name.replace("LayerNorm.weight", "LayerNorm.gamma")}`);
    const ids = { shape: [1, 16], values: new Float32Array(16) };
    const weights = new Map([...old, ["cls.predictions.bias", ids], ["bert.embeddings.position_ids", ids]]);
    weights.delete("bert.classifier.weight");
    weights.delete("bert.classifier.bias");
    const model = await load({ "model.safetensors": writeSafetensors(weights) });
    expect(model.weights.size).toBe(tinyWeights.size - 2);
  });

  it("needs no files of sentence-transformers", async () => {
    const model = await load({
      "modules.json": undefined,
      "1_Pooling/config.json": undefined,
      "sentence_bert_config.json": undefined,
      "tokenizer_config.json": undefined,
    });
    expect([model.pooling, model.maxTokens]).toEqual([undefined, 16]);
  });

  it("may say its pooling as sentence-transformers does from version 6 on", async () => {
    const pooling = { embedding_dimension: 4, pooling_mode: "mean", include_prompt: true };
    expect((await load({ "1_Pooling/config.json": pooling })).pooling).toBe("mean");
  });

  it("names the files that are missing", async () => {
    expect(await problem({ "model.safetensors": undefined, "tokenizer.json": undefined })).toBe(
      "models/tiny is not a model folder: it lacks model.safetensors, tokenizer.json",
    );
  });

  it("names everything in the config that is not supported, at once", async () => {
    const config = {
      ...configJson,
      hidden_act: "prelu",
      position_embedding_type: "relative_key",
      num_attention_heads: 3,
      vocab_size: "many",
    };
    expect(await problem({ "config.json": config })).toBe(
      'models/tiny cannot be loaded: config.json: position_embedding_type is "relative_key", only "absolute" is supported; ' +
        'config.json: vocab_size is "many", not a whole number above 0; ' +
        'config.json: hidden_act is "prelu"; supported are gelu, gelu_python, gelu_new, gelu_pytorch_tanh, ' +
        "gelu_python_tanh, gelu_fast, relu, silu, swish, tanh; " +
        "config.json: hidden_size 4 is not a multiple of num_attention_heads 3",
    );
  });

  it("names a kind of model that is not supported, and nothing else: its config means other things", async () => {
    expect(await problem({ "config.json": { ...configJson, model_type: "gpt2", hidden_act: "prelu" } })).toBe(
      'models/tiny cannot be loaded: config.json: model_type is "gpt2"; ' +
        "supported are bert, roberta, xlm-roberta, camembert, distilbert, electra",
    );
  });

  it("names positions that a RoBERTa cannot have, and the fields of a DistilBERT by its own names", async () => {
    const roberta = { ...configJson, model_type: "roberta", max_position_embeddings: 2 };
    expect(await problem({ "config.json": roberta })).toBe(
      "models/tiny cannot be loaded: config.json: max_position_embeddings 2 leaves no position behind pad_token_id 1",
    );
    const distilbert = { ...configJson, model_type: "distilbert", dim: 6, n_layers: 2, n_heads: 4, hidden_dim: 0 };
    expect(await problem({ "config.json": distilbert })).toBe(
      "models/tiny cannot be loaded: config.json: hidden_dim is 0, not a whole number above 0; " +
        "config.json: dim 6 is not a multiple of n_heads 4",
    );
  });

  it("keeps the config of a plain BERT as it always was, and a dropout of the classifier's own", async () => {
    const config = { ...configJson, classifier_dropout: null, embedding_size: 4, pad_token_id: 0 };
    expect((await load({ "config.json": config })).config).toEqual(tinyConfig);
    const own = await load({ "config.json": { ...config, classifier_dropout: 0.3 } });
    expect(own.config).toEqual({ ...tinyConfig, classifierDropout: 0.3 });
  });

  it("takes the form of pairs from the tokenizer, and from the architecture where it says nothing", async () => {
    const [a, b] = ["A", "B"].map((id) => ({ Sequence: { id, type_id: 0 } }));
    const sep = { SpecialToken: { id: "[SEP]", type_id: 0 } };
    const template = { type: "TemplateProcessing", pair: [sep, a, sep, sep, b, sep] };
    expect(await formOf({ type: "RobertaProcessing" })).toBe("roberta");
    expect(await formOf({ type: "Sequence", processors: [{ type: "ByteLevel" }, template] })).toBe("roberta");
    expect(await formOf({ ...template, pair: [sep, a, sep, b, sep] })).toBe(undefined);
    expect(await formOf(null)).toBe(undefined);
  });

  it("names tensors that are missing, unexpected or misshapen, at once", async () => {
    const weights = new Map(tinyWeights);
    const zero = { shape: [1], values: new Float32Array(1) };
    weights.delete("encoder.layer.1.output.dense.weight");
    weights.set("encoder.layer.2.output.dense.bias", zero);
    weights.set("embeddings.LayerNorm.bias", zero);
    expect(await problem({ "model.safetensors": writeSafetensors(weights) })).toBe(
      "models/tiny cannot be loaded: model.safetensors lacks encoder.layer.1.output.dense.weight; " +
        "model.safetensors has what a BERT of this config has not: encoder.layer.2.output.dense.bias; " +
        "model.safetensors: embeddings.LayerNorm.bias is [1], wanted [4]",
    );
  });

  it("names a file that is cut or no JSON", async () => {
    const weights = tinyFiles()["model.safetensors"] as Uint8Array;
    expect(await problem({ "model.safetensors": weights.subarray(0, weights.length - 8) })).toMatch(
      /^models\/tiny\/model\.safetensors is cut short: its tensors need \d+ bytes, \d+ are there$/,
    );
    expect(await problem({ "config.json": '{"model_type": "be' })).toMatch(
      /^models\/tiny cannot be loaded: config\.json is not JSON \(/,
    );
  });

  it("names a pooling and a module that are not supported", async () => {
    const last = { pooling_mode_cls_token: false, pooling_mode_lasttoken: true };
    expect(await problem({ "1_Pooling/config.json": last })).toBe(
      "models/tiny cannot be loaded: 1_Pooling/config.json: pooling_mode_lasttoken is not supported, " +
        "only pooling_mode_cls_token, pooling_mode_mean_tokens or pooling_mode_max_tokens",
    );
    expect(await problem({ "1_Pooling/config.json": { pooling_mode: ["mean", "max"] } })).toBe(
      "models/tiny cannot be loaded: 1_Pooling/config.json: pooling_mode is mean and max, only cls, mean or max is supported",
    );
    const words = [{ type: "sentence_transformers.models.BoW" }];
    expect(await problem({ "modules.json": words })).toBe(
      "models/tiny cannot be loaded: modules.json: a module of type BoW is not supported",
    );
  });

  it("refuses a tokenizer whose ids the model does not have", async () => {
    expect(await problem({ "config.json": { ...configJson, vocab_size: 10 } })).toMatch(
      /^models\/tiny cannot be loaded: tokenizer\.json has ids up to 11, config\.json a vocab_size of 10;/,
    );
  });

  it("names a step of the tokenizer that is not supported", async () => {
    const odd = { ...tokenizerJson, pre_tokenizer: { type: "Jieba" } };
    expect(await problem({ "tokenizer.json": odd })).toBe(
      'models/tiny/tokenizer.json cannot be used: its pre-tokenizer is of type "Jieba"; BertPreTokenizer, ByteLevel, Metaspace, ' +
        "Whitespace, WhitespaceSplit, Punctuation, Digits, Split, CharDelimiterSplit, FixedLength, Sequence are supported",
    );
  });

  it("may have the vocabulary of a BERT alone, with what its config says of it", async () => {
    const vocabulary = Object.keys(tokenizerJson.model.vocab).join("\n");
    const bare = { "tokenizer.json": undefined, "tokenizer_config.json": undefined, "vocab.txt": `${vocabulary}\n` };
    const { post_processor: _pp, truncation: _t, padding: _p, ...json } = tokenizerJson;
    expect((await load(bare)).tokenizer).toEqual({ json, special: (await load()).tokenizer.special });
    const cased = { do_lower_case: false, strip_accents: false, tokenize_chinese_chars: false };
    expect((await load({ ...bare, "tokenizer_config.json": cased })).tokenizer.json["normalizer"]).toEqual({
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: false,
      strip_accents: false,
      lowercase: false,
    });
    expect(await problem({ ...bare, "tokenizer_config.json": { tokenizer_class: "BertJapaneseTokenizer" } })).toBe(
      "models/tiny has no tokenizer.json, and BertJapaneseTokenizer is more than vocab.txt, which makes BERT's only",
    );
    expect(await problem({ ...bare, "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n" })).toBe(
      "models/tiny/vocab.txt cannot be used: it has no mask_token ([MASK] or <mask>)",
    );
  });

  it("names everything that is wrong with a tokenizer", async () => {
    const { "[MASK]": _, ...vocab } = tokenizerJson.model.vocab;
    const model = { ...tokenizerJson.model, type: "WordLevel", vocab };
    const added = tokenizerJson.added_tokens.filter((token) => token.content !== "[MASK]");
    expect(await problem({ "tokenizer.json": { ...tokenizerJson, added_tokens: added, model } })).toBe(
      'models/tiny/tokenizer.json cannot be used: its model is of type "WordLevel"; WordPiece, BPE, Unigram are supported; ' +
        "it has no mask_token ([MASK] or <mask>)",
    );
  });
});

const digest = async (json: unknown): Promise<string> =>
  contentDigest(await Tokenizer.encode((await load({ "tokenizer.json": json })).tokenizer));

describe("a tokenizer's identity", () => {
  it("leaves out truncation, padding, post-processor and the order of keys", async () => {
    const { truncation: _t, padding: _p, post_processor: _pp, ...rest } = tokenizerJson;
    const reordered = Object.fromEntries(Object.entries(rest).toReversed());
    expect(await digest(reordered)).toBe(await digest(tokenizerJson));
  });

  it("changes with normalizer and vocabulary", async () => {
    const cased = { ...tokenizerJson, normalizer: { ...tokenizerJson.normalizer, lowercase: false } };
    const vocab = { ...tokenizerJson.model.vocab, cat: 6, the: 5, dog: 11 };
    const other = { ...tokenizerJson, model: { ...tokenizerJson.model, vocab } };
    expect(new Set([await digest(tokenizerJson), await digest(cased), await digest(other)]).size).toBe(3);
  });
});
