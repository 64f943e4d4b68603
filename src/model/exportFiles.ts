/**
 * An encoder as the files that sentence-transformers, transformers and transformers.js load: the other direction of
 * `modelFolder.ts`, which reads the same folder back to the same weights and tokenizer.
 *
 * Bi-encoders become a sentence-transformers model over a `BertModel` (or what its relatives call theirs), cross-encoders a
 * `BertForSequenceClassification` of one label, bare encoders a `BertModel`.
 */
import type { Tokenizer } from "../artifact/index.ts";
import type { Json } from "../core/canonicalJson.ts";
import type { BiEncoder, EncoderModel, ModelConfig, Pooling, SpecialTokens } from "../nn/EncoderModel.ts";
import { denseName, embeddingWidth, firstPosition } from "../nn/parameters.ts";
import { poolingText } from "../nn/pooling.ts";
import type { Weights } from "../nn/Weights.ts";
import { denseFiles } from "./denseLayer.ts";
import { architectures, huggingFaceName, isOfHead } from "./architectures.ts";
import { tokenizerFiles, type TextFiles } from "./exportTokenizer.ts";
import { writeSafetensors } from "./safetensors.ts";

export interface ExportFile {
  /** In the folder, with `/`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The pooling of a model where no other program has it: such a model has no form for them. */
export const ownPooling = (model: EncoderModel): string | undefined =>
  model.kind === "bi-encoder" && !(sharedPoolings as ReadonlyArray<unknown>).includes(model.pooling)
    ? poolingText(model.pooling)
    : undefined;

/** What sentence-transformers can be told to do. */
const sharedPoolings = ["cls", "mean", "max"] as const satisfies ReadonlyArray<Pooling>;

/** Everything but the ONNX files and the model card, of a model without `ownPooling`. Equal models give equal bytes. */
export function exportFiles(model: EncoderModel, tokenizer: Tokenizer): ReadonlyArray<ExportFile> {
  const maxTokens = longestInput(model);
  const texts: TextFiles = {
    "config.json": configJson(model),
    ...tokenizerFiles(tokenizer, maxTokens, model.config),
    ...(model.kind === "bi-encoder" ? sentenceFiles(model) : {}),
  };
  return [
    { name: "model.safetensors", bytes: writeSafetensors(exportedWeights(model), { format: "pt" }) },
    ...Object.entries(texts).map(([name, content]) => ({ name, bytes: textBytes(content) })),
    ...(model.kind === "bi-encoder" ? writtenDense(model) : []),
  ];
}

/** Texts as they are, all else as JSON. */
export const textBytes = (content: Json): Uint8Array =>
  new TextEncoder().encode(typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`);

export const longestInput = (model: EncoderModel): number =>
  model.kind === "backbone" ? model.config.maxPositions : model.maxTokens;

/** Under a head, Hugging Face's names of the encoder begin with `bert.`. */
function exportedWeights({ kind, config, weights }: EncoderModel): Weights {
  const { prefix } = architectures[config.architecture];
  const nameOf = (name: string): string => {
    const theirs = huggingFaceName(config.architecture, name);
    return kind === "cross-encoder" && !isOfHead(name) ? `${prefix}.${theirs}` : theirs;
  };
  const own = [...weights].filter(([name]) => !name.startsWith(`${denseName}.`));
  return new Map(own.map(([name, tensor]) => [nameOf(name), tensor]));
}

function configJson({ kind, config, special }: EncoderModel): Json {
  const { className } = architectures[config.architecture];
  return {
    architectures: [`${className}${kind === "cross-encoder" ? "ForSequenceClassification" : "Model"}`],
    model_type: config.architecture,
    ...shapeJson(config),
    initializer_range: 0.02,
    position_embedding_type: "absolute",
    ...idsJson(config, special),
    ...(kind === "cross-encoder" ? classifierJson : {}),
  };
}

function shapeJson(config: ModelConfig): { readonly [key: string]: Json | undefined } {
  const { keys, hasSegments } = architectures[config.architecture];
  return {
    vocab_size: config.vocabSize,
    ...(config.architecture === "electra" ? { embedding_size: embeddingWidth(config) } : {}),
    [keys.hiddenSize]: config.hiddenSize,
    [keys.layers]: config.layers,
    [keys.heads]: config.heads,
    [keys.intermediateSize]: config.intermediateSize,
    [keys.activation]: config.activation,
    [keys.hiddenDropout]: config.hiddenDropout,
    [keys.attentionDropout]: config.attentionDropout,
    [keys.classifierDropout]: classifierDropout(config),
    max_position_embeddings: firstPosition(config) + config.maxPositions,
    ...(hasSegments ? { type_vocab_size: config.typeVocabSize, layer_norm_eps: config.layerNormEps } : {}),
  };
}

/** DistilBERT's classes have a rate of their own where the config names none; the others take that of the hidden states. */
const classifierDropout = ({ architecture, classifierDropout, hiddenDropout }: ModelConfig): number | undefined =>
  classifierDropout ?? (architecture === "distilbert" ? hiddenDropout : undefined);

/** RoBERTa's classes count positions by the padding's id, and have defaults for the ends that are not BERT's. */
const idsJson = ({ paddingIndex }: ModelConfig, { pad, cls, sep }: SpecialTokens) =>
  paddingIndex === undefined
    ? { pad_token_id: pad }
    : { pad_token_id: paddingIndex, bos_token_id: cls, eos_token_id: sep };

/** One label: a logit, which sentence-transformers' CrossEncoder puts through a sigmoid. */
const classifierJson = {
  id2label: { "0": "LABEL_0" },
  label2id: { LABEL_0: 0 },
  sentence_transformers: { activation_fn: "torch.nn.modules.activation.Sigmoid" },
};

/** In the order in which sentence-transformers runs them; every version of it knows these names. */
const modulesOf = ({ dense, normalize }: BiEncoder): ReadonlyArray<readonly [path: string, type: string]> =>
  ["Transformer", "Pooling", ...(dense === undefined ? [] : ["Dense"]), ...(normalize ? ["Normalize"] : [])].map(
    (type, i) => [i === 0 ? "" : `${i}_${type}`, type],
  );

/** As sentence-transformers' module has it; the activation is none. */
function writtenDense({ config, dense, weights }: BiEncoder): ReadonlyArray<ExportFile> {
  if (dense === undefined) return [];
  const layer = new Map(["weight", "bias"].map((kind) => [`linear.${kind}`, weights.get(`${denseName}.${kind}`)!]));
  const settings = {
    in_features: config.hiddenSize,
    out_features: dense.dimension,
    bias: true,
    activation_function: "torch.nn.modules.linear.Identity",
  };
  return [
    { name: denseFiles[0], bytes: textBytes(settings) },
    { name: denseFiles[1], bytes: writeSafetensors(layer, { format: "pt" }) },
  ];
}

function sentenceFiles(model: BiEncoder): TextFiles {
  const { config, pooling, maxTokens } = model;
  const modules = modulesOf(model);
  return {
    "modules.json": modules.map(([path, type], idx) => ({
      idx,
      name: String(idx),
      path,
      type: `sentence_transformers.models.${type}`,
    })),
    "1_Pooling/config.json": {
      word_embedding_dimension: config.hiddenSize,
      pooling_mode_cls_token: pooling === "cls",
      pooling_mode_mean_tokens: pooling === "mean",
      pooling_mode_max_tokens: pooling === "max",
      pooling_mode_mean_sqrt_len_tokens: false,
    },
    ...Object.fromEntries(
      modules.filter(([, type]) => type === "Normalize").map(([path]) => [`${path}/config.json`, {}]),
    ),
    "sentence_bert_config.json": { max_seq_length: maxTokens, do_lower_case: false },
    "config_sentence_transformers.json": { prompts: {}, default_prompt_name: null, similarity_fn_name: "cosine" },
  };
}
