/**
 * What Hugging Face's architectures call things, against our names (BERT's): one table, read from left to right when a model is
 * exported and looked up by our names when one is read.
 */
import type { Architecture } from "../nn/EncoderModel.ts";
import { embeddingProjection } from "../nn/parameters.ts";

/** Fields of `config.json`. */
export interface ConfigKeys {
  readonly hiddenSize: string;
  readonly layers: string;
  readonly heads: string;
  readonly intermediateSize: string;
  readonly activation: string;
  readonly hiddenDropout: string;
  readonly attentionDropout: string;
  readonly classifierDropout: string;
}

export interface ArchitectureFiles {
  /** For people. */
  readonly title: string;
  /** What names of classes begin with: `BertModel`. */
  readonly className: string;
  /** The module in which models with a head hold the encoder. */
  readonly prefix: string;
  readonly keys: ConfigKeys;
  /** Positions are counted from behind the padding's id. */
  readonly countsFromPadding: boolean;
  /** There is a table of segments, and its size and the norms' epsilon are in the config. */
  readonly hasSegments: boolean;
  /** A layer on the first token comes with every checkpoint. */
  readonly hasPooler: boolean;
  /** Modules whose names are not ours: ours → theirs, `*` for the number of a layer. */
  readonly modules: ReadonlyMap<string, string>;
}

const bertKeys: ConfigKeys = {
  hiddenSize: "hidden_size",
  layers: "num_hidden_layers",
  heads: "num_attention_heads",
  intermediateSize: "intermediate_size",
  activation: "hidden_act",
  hiddenDropout: "hidden_dropout_prob",
  attentionDropout: "attention_probs_dropout_prob",
  classifierDropout: "classifier_dropout",
};

const bert: ArchitectureFiles = {
  title: "BERT",
  className: "Bert",
  prefix: "bert",
  keys: bertKeys,
  countsFromPadding: false,
  hasSegments: true,
  hasPooler: true,
  modules: new Map(),
};

const roberta: ArchitectureFiles = {
  ...bert,
  title: "RoBERTa",
  className: "Roberta",
  prefix: "roberta",
  countsFromPadding: true,
  modules: new Map([
    ["pre_classifier", "classifier.dense"],
    ["classifier", "classifier.out_proj"],
    ["cls.predictions.transform.dense", "lm_head.dense"],
    ["cls.predictions.transform.LayerNorm", "lm_head.layer_norm"],
    ["cls.predictions", "lm_head"],
  ]),
};

const distilbert: ArchitectureFiles = {
  title: "DistilBERT",
  className: "DistilBert",
  prefix: "distilbert",
  keys: {
    hiddenSize: "dim",
    layers: "n_layers",
    heads: "n_heads",
    intermediateSize: "hidden_dim",
    activation: "activation",
    hiddenDropout: "dropout",
    attentionDropout: "attention_dropout",
    classifierDropout: "seq_classif_dropout",
  },
  countsFromPadding: false,
  hasSegments: false,
  hasPooler: false,
  modules: new Map([
    ["encoder.layer.*.attention.self.query", "transformer.layer.*.attention.q_lin"],
    ["encoder.layer.*.attention.self.key", "transformer.layer.*.attention.k_lin"],
    ["encoder.layer.*.attention.self.value", "transformer.layer.*.attention.v_lin"],
    ["encoder.layer.*.attention.output.dense", "transformer.layer.*.attention.out_lin"],
    ["encoder.layer.*.attention.output.LayerNorm", "transformer.layer.*.sa_layer_norm"],
    ["encoder.layer.*.intermediate.dense", "transformer.layer.*.ffn.lin1"],
    ["encoder.layer.*.output.dense", "transformer.layer.*.ffn.lin2"],
    ["encoder.layer.*.output.LayerNorm", "transformer.layer.*.output_layer_norm"],
    ["cls.predictions.transform.dense", "vocab_transform"],
    ["cls.predictions.transform.LayerNorm", "vocab_layer_norm"],
    ["cls.predictions", "vocab_projector"],
  ]),
};

const electra: ArchitectureFiles = {
  ...bert,
  title: "ELECTRA",
  className: "Electra",
  prefix: "electra",
  hasPooler: false,
  modules: new Map([
    ["pre_classifier", "classifier.dense"],
    ["classifier", "classifier.out_proj"],
    ["cls.predictions.transform.dense", "generator_predictions.dense"],
    ["cls.predictions.transform.LayerNorm", "generator_predictions.LayerNorm"],
    ["cls.predictions", "generator_lm_head"],
  ]),
};

/** By `model_type` of `config.json`. */
export const architectures: { readonly [A in Architecture]: ArchitectureFiles } = {
  bert,
  roberta,
  "xlm-roberta": { ...roberta, title: "XLM-RoBERTa", className: "XLMRoberta" },
  camembert: { ...roberta, title: "CamemBERT", className: "Camembert" },
  distilbert,
  electra,
};

export const isArchitecture = (name: unknown): name is Architecture =>
  typeof name === "string" && Object.hasOwn(architectures, name);

/** Hugging Face's name of a parameter, as the bare encoder has it: without prefix. */
export function huggingFaceName(architecture: Architecture, ours: string): string {
  const dot = ours.lastIndexOf(".");
  const [module, leaf] = [ours.slice(0, dot), ours.slice(dot)];
  const layer = /(?<=^encoder\.layer\.)\d+/.exec(module)?.[0];
  const theirs = architectures[architecture].modules.get(module.replace(/(?<=^encoder\.layer\.)\d+/, "*"));
  return (theirs === undefined ? module : theirs.replace("*", layer ?? "")) + leaf;
}

/** Whether a parameter, by our name, stands on the encoder: then no prefix is put before its name. */
export const isOfHead = (ours: string): boolean => /^(pre_classifier|classifier|cls)\./.test(ours);

/** A name in a file as the bare encoder has it: without the prefixes of models with a head, in today's spelling of norms. */
export function bareName(architecture: Architecture, inFile: string): string {
  const { prefix } = architectures[architecture];
  const bare = inFile.replace(/^model\./, "");
  return (bare.startsWith(`${prefix}.`) ? bare.slice(prefix.length + 1) : bare)
    .replace(/\.gamma$/, ".weight")
    .replace(/\.beta$/, ".bias");
}

/** What names of the encoder's own parameters begin with, in files. */
export const encoderRoots: ReadonlyArray<string> = [
  "embeddings.",
  "encoder.",
  "transformer.",
  `${embeddingProjection}.`,
];
