/** `config.json` of Hugging Face → the shape of an encoder, or everything in it that is not supported. */
import type { ModelConfig } from "../nn/EncoderModel.ts";

type JsonObject = { readonly [key: string]: unknown };

/** Reads the config, pushing one sentence for each thing that is missing or unsupported onto `problems`. */
export function readModelConfig(json: JsonObject, problems: Array<string>): ModelConfig {
  const count = (key: string): number => {
    const value = json[key];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    problems.push(`config.json: ${key} is ${shown(value)}, not a whole number above 0`);
    return 1;
  };
  const number = (key: string, absent: number, most: number): number => {
    const value = json[key] ?? absent;
    if (typeof value === "number" && value >= 0 && value <= most) return value;
    problems.push(`config.json: ${key} is ${shown(value)}, not a number from 0 to ${most}`);
    return absent;
  };
  checkSupported(json, problems);
  const config: ModelConfig = {
    architecture: "bert",
    vocabSize: count("vocab_size"),
    hiddenSize: count("hidden_size"),
    layers: count("num_hidden_layers"),
    heads: count("num_attention_heads"),
    intermediateSize: count("intermediate_size"),
    maxPositions: count("max_position_embeddings"),
    typeVocabSize: count("type_vocab_size"),
    layerNormEps: number("layer_norm_eps", 1e-12, 1),
    activation: "gelu",
    hiddenDropout: number("hidden_dropout_prob", 0.1, 0.99),
    attentionDropout: number("attention_probs_dropout_prob", 0.1, 0.99),
  };
  if (config.hiddenSize % config.heads !== 0)
    problems.push(
      `config.json: hidden_size ${config.hiddenSize} is not a multiple of num_attention_heads ${config.heads}`,
    );
  return config;
}

/** What is read has these values; another value would load and give wrong numbers, so it is refused by name. */
function checkSupported(json: JsonObject, problems: Array<string>): void {
  const supported: ReadonlyArray<readonly [key: string, value: unknown, absent: unknown]> = [
    ["model_type", "bert", undefined],
    ["hidden_act", "gelu", "gelu"],
    ["position_embedding_type", "absolute", "absolute"],
    ["is_decoder", false, false],
    ["add_cross_attention", false, false],
  ];
  for (const [key, value, absent] of supported)
    if ((json[key] ?? absent) !== value)
      problems.push(`config.json: ${key} is ${shown(json[key])}, only ${shown(value)} is supported`);
}

const shown = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value));
