/** Tiny models whose outputs differ from text to text. */
import type { BiEncoder, CrossEncoder, Pooling } from "../../src/nn/EncoderModel.ts";
import { headSpecs, initializeWeights } from "../../src/nn/parameters.ts";
import { tinyBackbone } from "../training/tinyModel.ts";

// Fresh weights of deviation 0.02 give near-constant outputs; larger ones make every position count.
export const loud = (backbone: ReturnType<typeof tinyBackbone>) => ({
  ...backbone,
  weights: new Map(
    Array.from(backbone.weights, ([name, { shape, values }]) => [
      name,
      { shape, values: name.includes("LayerNorm") ? values : values.map((value) => 10 * value) },
    ]),
  ),
});
const base = loud(tinyBackbone());
export const loudBiEncoder = (pooling: Pooling, maxTokens = 16): BiEncoder => ({
  ...base,
  kind: "bi-encoder",
  pooling,
  normalize: false,
  maxTokens,
});
const head = initializeWeights(headSpecs(base.config, "cross-encoder"), 3);
export const loudCrossEncoder: CrossEncoder = {
  ...base,
  kind: "cross-encoder",
  weights: new Map([...base.weights, ...head]),
  maxTokens: 20,
};
