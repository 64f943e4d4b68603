/** A fresh tiny model with the vocabulary of BERT's Chinese tokenizer, as a folder of Hugging Face's. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import type { ModelConfig } from "../../src/nn/EncoderModel.ts";
import { initializeWeights, parameterSpecs } from "../../src/nn/parameters.ts";
import { configJson } from "../model/tinyFolder.ts";

const config: ModelConfig = {
  architecture: "bert",
  vocabSize: 21128,
  hiddenSize: 32,
  layers: 1,
  heads: 2,
  intermediateSize: 64,
  maxPositions: 64,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
};

/** @param vocabulary a vocab.txt of 21128 lines @param folder is made */
export function writeChineseModel(vocabulary: string, folder: string): void {
  mkdirSync(folder);
  copyFileSync(vocabulary, join(folder, "vocab.txt"));
  writeFileSync(join(folder, "model.safetensors"), writeSafetensors(initializeWeights(parameterSpecs(config), 1)));
  const json = {
    ...configJson,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(json));
}
