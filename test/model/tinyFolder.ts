/** A Hugging Face folder of a tiny BERT, in memory: name → bytes, to be damaged at will. */
import type { ModelFolder } from "../../src/model/modelFolder.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { headSpecs, initializeWeights, parameterSpecs } from "../../src/nn/parameters.ts";
import type { ModelConfig } from "../../src/nn/EncoderModel.ts";

export const tinyConfig: ModelConfig = {
  architecture: "bert",
  vocabSize: 12,
  hiddenSize: 4,
  layers: 2,
  heads: 2,
  intermediateSize: 8,
  maxPositions: 16,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
};

export const configJson = {
  architectures: ["BertModel"],
  model_type: "bert",
  hidden_act: "gelu",
  vocab_size: 12,
  hidden_size: 4,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 8,
  max_position_embeddings: 16,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
};

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const words = ["the", "cat", "sleep", "##s", "tostring", "猫", "!"];

export const tokenizerJson = {
  version: "1.0",
  truncation: { max_length: 4, strategy: "LongestFirst", stride: 0 },
  padding: { strategy: { Fixed: 128 }, direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "[PAD]" },
  added_tokens: special.map((content, id) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: { type: "BertProcessing", sep: ["[SEP]", 3], cls: ["[CLS]", 2] },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries([...special, ...words].map((token, id) => [token, id])),
  },
};

export const tinyWeights = initializeWeights(
  [...parameterSpecs(tinyConfig), ...headSpecs(tinyConfig, "cross-encoder")],
  7,
);

export type Files = { [name: string]: unknown };

export const tinyFiles = (): Files => ({
  "config.json": configJson,
  "tokenizer.json": tokenizerJson,
  "tokenizer_config.json": { model_max_length: 512 },
  "model.safetensors": writeSafetensors(tinyWeights),
  "modules.json": [
    { type: "sentence_transformers.models.Transformer" },
    { type: "sentence_transformers.models.Pooling" },
    { type: "sentence_transformers.models.Normalize" },
  ],
  "1_Pooling/config.json": { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false },
  "sentence_bert_config.json": { max_seq_length: 10 },
});

/** Bytes and texts as they are, anything else as JSON; a name with undefined is not there. */
export const folderOf = (files: Files): ModelFolder => ({
  path: "models/tiny",
  read: (name) => {
    const value = files[name];
    if (value === undefined || value instanceof Uint8Array) return Promise.resolve(value);
    return Promise.resolve(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));
  },
});
