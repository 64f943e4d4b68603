/** A tiny bi-encoder and cross-encoder with their tokenizer, as exports take them. */
import { Tokenizer } from "../../src/artifact/index.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { readTokenizer } from "../../src/model/tokenizerJson.ts";
import type { BiEncoder, CrossEncoder } from "../../src/nn/EncoderModel.ts";
import { encoderSpecs, headSpecs, tableSpecs } from "../../src/nn/parameters.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { tinyConfig, tokenizerJson } from "../model/tinyFolder.ts";
import { tinyWeights } from "./tinyEncoder.ts";

export const tinyTokenizer = readTokenizer(tokenizerJson, {}, "tokenizer.json");
export const tinyTokenizerDigest = contentDigest(await Tokenizer.encode(tinyTokenizer));

/** Wider than that of `tinyFolder.ts`, for 8-bit numbers to have something to average over. */
const config = { ...tinyConfig, hiddenSize: 16, intermediateSize: 32 };
const all = tinyWeights(config);
const pick = (names: ReadonlyArray<string>): Weights => new Map(names.map((name) => [name, all.get(name)!]));
const encoderNames = [...tableSpecs(config), ...encoderSpecs(config)].map(({ name }) => name);
const headNames = headSpecs(config, "cross-encoder").map(({ name }) => name);
const common = { config, tokenizer: tinyTokenizerDigest, special: tinyTokenizer.special, maxTokens: 10 };

export const tinyBiEncoder: BiEncoder = {
  kind: "bi-encoder",
  ...common,
  weights: pick(encoderNames),
  pooling: "mean",
  normalize: true,
};

export const tinyCrossEncoder: CrossEncoder = {
  kind: "cross-encoder",
  ...common,
  weights: pick([...encoderNames, ...headNames]),
};
