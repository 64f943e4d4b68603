/** `config.json` of Hugging Face → the shape of an encoder, or everything in it that is not supported. */
import type { Activation, Architecture, ModelConfig } from "../nn/EncoderModel.ts";
import { architectures, isArchitecture } from "./architectures.ts";

type JsonObject = { readonly [key: string]: unknown };

/** Hugging Face's names → ours, where several stand for the same numbers. */
const activations: { readonly [name: string]: Activation } = {
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu_new",
  gelu_pytorch_tanh: "gelu_new",
  gelu_python_tanh: "gelu_new",
  gelu_fast: "gelu_new",
  relu: "relu",
  silu: "silu",
  swish: "silu",
  tanh: "tanh",
};

/** ELECTRA's classes take this where the config does not say. */
const electraEmbeddingSize = 128;
/** RoBERTa's likewise. */
const robertaPadding = 1;
/** DistilBERT has it fixed. */
const distilbertEps = 1e-12;
const distilbertClassifierDropout = 0.2;

/**
 * Reads the config, pushing one sentence for each thing that is missing or unsupported onto `problems`; undefined where the kind
 * of model is not known, when nothing else means anything.
 */
export function readModelConfig(json: JsonObject, problems: Array<string>): ModelConfig | undefined {
  const architecture = json["model_type"];
  if (!isArchitecture(architecture)) {
    const known = Object.keys(architectures).join(", ");
    problems.push(`config.json: model_type is ${shown(architecture)}; supported are ${known}`);
    return undefined;
  }
  checkSupported(json, problems);
  const fields = new Fields(json, problems);
  const { keys, hasSegments } = architectures[architecture];
  const hiddenDropout = fields.number(keys.hiddenDropout, 0.1, 0.99);
  const config: ModelConfig = {
    architecture,
    vocabSize: fields.count("vocab_size"),
    hiddenSize: fields.count(keys.hiddenSize),
    layers: fields.count(keys.layers),
    heads: fields.count(keys.heads),
    intermediateSize: fields.count(keys.intermediateSize),
    ...positions(architecture, fields),
    typeVocabSize: hasSegments ? fields.count("type_vocab_size") : 0,
    layerNormEps: hasSegments ? fields.number("layer_norm_eps", 1e-12, 1) : distilbertEps,
    activation: fields.activation(keys.activation),
    hiddenDropout,
    attentionDropout: fields.number(keys.attentionDropout, 0.1, 0.99),
    ...classifierDropout(architecture, fields, hiddenDropout),
  };
  if (config.hiddenSize % config.heads !== 0)
    problems.push(
      `config.json: ${keys.hiddenSize} ${config.hiddenSize} is not a multiple of ${keys.heads} ${config.heads}`,
    );
  if (architecture !== "electra") return config;
  const embeddingSize = fields.count("embedding_size", electraEmbeddingSize);
  return embeddingSize === config.hiddenSize ? config : { ...config, embeddingSize };
}

/** Of RoBERTa's table, the rows up to the padding's are no token's. */
function positions(architecture: Architecture, fields: Fields): Pick<ModelConfig, "maxPositions" | "paddingIndex"> {
  const rows = fields.count("max_position_embeddings");
  if (!architectures[architecture].countsFromPadding) return { maxPositions: rows };
  const paddingIndex = fields.number("pad_token_id", robertaPadding, Number.MAX_SAFE_INTEGER);
  const maxPositions = rows - paddingIndex - 1;
  if (maxPositions < 1 || !Number.isInteger(paddingIndex))
    fields.problem(`max_position_embeddings ${rows} leaves no position behind pad_token_id ${paddingIndex}`);
  return { maxPositions, paddingIndex };
}

function classifierDropout(
  architecture: Architecture,
  fields: Fields,
  hiddenDropout: number,
): Pick<ModelConfig, "classifierDropout"> {
  const absent = architecture === "distilbert" ? distilbertClassifierDropout : hiddenDropout;
  const rate = fields.number(architectures[architecture].keys.classifierDropout, absent, 0.99);
  return rate === hiddenDropout ? {} : { classifierDropout: rate };
}

class Fields {
  private readonly json: JsonObject;
  private readonly problems: Array<string>;

  constructor(json: JsonObject, problems: Array<string>) {
    this.json = json;
    this.problems = problems;
  }

  problem(sentence: string): void {
    this.problems.push(`config.json: ${sentence}`);
  }

  /** @param absent what an absent field means; left out, it must be there */
  count(key: string, absent?: number): number {
    const value = this.json[key] ?? absent;
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    this.problem(`${key} is ${shown(value)}, not a whole number above 0`);
    return 1;
  }

  number(key: string, absent: number, most: number): number {
    const value = this.json[key] ?? absent;
    if (typeof value === "number" && value >= 0 && value <= most) return value;
    this.problem(`${key} is ${shown(value)}, not a number from 0 to ${most}`);
    return absent;
  }

  activation(key: string): Activation {
    const value = this.json[key] ?? "gelu";
    const found = typeof value === "string" && Object.hasOwn(activations, value) ? activations[value] : undefined;
    if (found === undefined)
      this.problem(`${key} is ${shown(value)}; supported are ${Object.keys(activations).join(", ")}`);
    return found ?? "gelu";
  }
}

/** What is read has these values; another value would load and give wrong numbers, so it is refused by name. */
function checkSupported(json: JsonObject, problems: Array<string>): void {
  const supported: ReadonlyArray<readonly [key: string, value: unknown]> = [
    ["position_embedding_type", "absolute"],
    ["is_decoder", false],
    ["add_cross_attention", false],
  ];
  for (const [key, value] of supported)
    if ((json[key] ?? value) !== value)
      problems.push(`config.json: ${key} is ${shown(json[key])}, only ${shown(value)} is supported`);
}

const shown = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value));
