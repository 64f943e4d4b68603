/**
 * An encoder as the files that sentence-transformers, transformers and transformers.js load: the other direction of
 * `modelFolder.ts`, which reads the same folder back to the same weights and tokenizer.
 *
 * Bi-encoders become a sentence-transformers model over a `BertModel`, cross-encoders a `BertForSequenceClassification` of one
 * label, bare encoders a `BertModel`.
 */
import type { Tokenizer } from "../artifact/index.ts";
import type { Json } from "../core/canonicalJson.ts";
import type { BiEncoder, EncoderModel, ModelConfig } from "../nn/EncoderModel.ts";
import type { Weights } from "../nn/Weights.ts";
import { tokenizerFiles, type TextFiles } from "./exportTokenizer.ts";
import { writeSafetensors } from "./safetensors.ts";

export interface ExportFile {
  /** In the folder, with `/`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Everything but the ONNX files and the model card. Equal models give equal bytes. */
export function exportFiles(model: EncoderModel, tokenizer: Tokenizer): ReadonlyArray<ExportFile> {
  const maxTokens = longestInput(model);
  const texts: TextFiles = {
    "config.json": configJson(model),
    ...tokenizerFiles(tokenizer, maxTokens),
    ...(model.kind === "bi-encoder" ? sentenceFiles(model) : {}),
  };
  return [
    { name: "model.safetensors", bytes: writeSafetensors(exportedWeights(model), { format: "pt" }) },
    ...Object.entries(texts).map(([name, content]) => ({ name, bytes: textBytes(content) })),
  ];
}

/** Texts as they are, all else as JSON. */
export const textBytes = (content: Json): Uint8Array =>
  new TextEncoder().encode(typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`);

export const longestInput = (model: EncoderModel): number =>
  model.kind === "backbone" ? model.config.maxPositions : model.maxTokens;

/** Under a head, Hugging Face's names of the encoder begin with `bert.`. */
function exportedWeights({ kind, weights }: EncoderModel): Weights {
  if (kind !== "cross-encoder") return weights;
  return new Map(
    [...weights].map(([name, tensor]) => [name.startsWith("classifier.") ? name : `bert.${name}`, tensor]),
  );
}

function configJson({ kind, config, special }: EncoderModel): Json {
  return {
    architectures: [kind === "cross-encoder" ? "BertForSequenceClassification" : "BertModel"],
    model_type: "bert",
    ...shapeJson(config),
    initializer_range: 0.02,
    position_embedding_type: "absolute",
    pad_token_id: special.pad,
    ...(kind === "cross-encoder" ? classifierJson : {}),
  };
}

const shapeJson = (config: ModelConfig) => ({
  vocab_size: config.vocabSize,
  hidden_size: config.hiddenSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  intermediate_size: config.intermediateSize,
  hidden_act: config.activation,
  hidden_dropout_prob: config.hiddenDropout,
  attention_probs_dropout_prob: config.attentionDropout,
  max_position_embeddings: config.maxPositions,
  type_vocab_size: config.typeVocabSize,
  layer_norm_eps: config.layerNormEps,
});

/** One label: a logit, which sentence-transformers' CrossEncoder puts through a sigmoid. */
const classifierJson = {
  id2label: { "0": "LABEL_0" },
  label2id: { LABEL_0: 0 },
  sentence_transformers: { activation_fn: "torch.nn.modules.activation.Sigmoid" },
};

/** Names of modules that every version of sentence-transformers knows. */
const modules = [
  ["", "Transformer"],
  ["1_Pooling", "Pooling"],
  ["2_Normalize", "Normalize"],
] as const;

function sentenceFiles({ config, pooling, normalize, maxTokens }: BiEncoder): TextFiles {
  const used = modules.slice(0, normalize ? 3 : 2);
  return {
    "modules.json": used.map(([path, type], idx) => ({
      idx,
      name: String(idx),
      path,
      type: `sentence_transformers.models.${type}`,
    })),
    "1_Pooling/config.json": {
      word_embedding_dimension: config.hiddenSize,
      pooling_mode_cls_token: pooling === "cls",
      pooling_mode_mean_tokens: pooling === "mean",
      pooling_mode_max_tokens: false,
      pooling_mode_mean_sqrt_len_tokens: false,
    },
    ...(normalize ? { "2_Normalize/config.json": {} } : {}),
    "sentence_bert_config.json": { max_seq_length: maxTokens, do_lower_case: false },
    "config_sentence_transformers.json": { prompts: {}, default_prompt_name: null, similarity_fn_name: "cosine" },
  };
}
