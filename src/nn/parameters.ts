/**
 * The parameters of encoders and their heads: names are those of Hugging Face's BERT whatever the architecture, orientations
 * Hugging Face's too, order is that of the forward pass.
 */
import type { BiEncoder, ModelConfig } from "./EncoderModel.ts";
import { headFormOf } from "./headForms.ts";
import { normalAt, randomKey } from "./random.ts";
import { sizeOf, type TensorSpec } from "./TensorSpec.ts";
import type { Float32Tensor, Weights } from "./Weights.ts";

/**
 * `cross-encoder`: a layer and a classifier to one logit. `mlm`: transform and a bias; the decoder is the word table.
 * `detection`: a classifier of every token to two logits.
 */
export type Head = "cross-encoder" | "mlm" | "detection";

export const embeddingTables = {
  word: "embeddings.word_embeddings.weight",
  position: "embeddings.position_embeddings.weight",
  type: "embeddings.token_type_embeddings.weight",
} as const;

export const headParameters = {
  poolerWeight: "pooler.dense.weight",
  poolerBias: "pooler.dense.bias",
  preClassifierWeight: "pre_classifier.weight",
  preClassifierBias: "pre_classifier.bias",
  classifierWeight: "classifier.weight",
  classifierBias: "classifier.bias",
  transformWeight: "cls.predictions.transform.dense.weight",
  transformBias: "cls.predictions.transform.dense.bias",
  transformNormWeight: "cls.predictions.transform.LayerNorm.weight",
  transformNormBias: "cls.predictions.transform.LayerNorm.bias",
  decoderBias: "cls.predictions.bias",
  detectionWeight: "detection.weight",
  detectionBias: "detection.bias",
} as const;

export const layerPrefix = (layer: number): string => `encoder.layer.${layer}.`;

const spec = (name: string, ...shape: Array<number>): TensorSpec => ({ name, shape, dtype: "float32" });

/** Width of the embedding tables. */
export const embeddingWidth = ({ embeddingSize, hiddenSize }: ModelConfig): number => embeddingSize ?? hiddenSize;

/** Row of the position table that the first token has. */
export const firstPosition = ({ paddingIndex }: ModelConfig): number =>
  paddingIndex === undefined ? 0 : paddingIndex + 1;

/** The tables whose gradients are rows: they never enter a graph but as looked-up rows (the word table also as decoder). */
export const tableSpecs = (config: ModelConfig): ReadonlyArray<TensorSpec> => [
  spec(embeddingTables.word, config.vocabSize, embeddingWidth(config)),
  spec(embeddingTables.position, firstPosition(config) + config.maxPositions, embeddingWidth(config)),
  ...(config.typeVocabSize === 0 ? [] : [spec(embeddingTables.type, config.typeVocabSize, embeddingWidth(config))]),
];

/** From the width of the embeddings to that of the layers, where they are not the same. */
export const embeddingProjection = "embeddings_project";
export const hasProjection = (config: ModelConfig): boolean => embeddingWidth(config) !== config.hiddenSize;

/** Every other parameter of the encoder: what a program takes as inputs. */
export const encoderSpecs = (config: ModelConfig): ReadonlyArray<TensorSpec> => [
  ...normSpecs("embeddings.LayerNorm", embeddingWidth(config)),
  ...(hasProjection(config) ? linearSpecs(embeddingProjection, config.hiddenSize, embeddingWidth(config)) : []),
  ...Array.from({ length: config.layers }, (_, layer) => layerSpecs(config, layerPrefix(layer))).flat(),
];

/** @param outputs of a cross-encoder's classifier: one logit, or in training one for each class */
export function headSpecs(config: ModelConfig, head: Head, outputs = 1): ReadonlyArray<TensorSpec> {
  const dim = config.hiddenSize;
  if (head === "cross-encoder")
    return [...linearSpecs(headFormOf(config).dense, dim, dim), ...linearSpecs("classifier", outputs, dim)];
  if (head === "detection") return linearSpecs("detection", 2, dim);
  return [
    ...linearSpecs("cls.predictions.transform.dense", embeddingWidth(config), dim),
    ...normSpecs("cls.predictions.transform.LayerNorm", embeddingWidth(config)),
    spec(headParameters.decoderBias, config.vocabSize),
  ];
}

/** BERT's and RoBERTa's layer on the first token, which checkpoints bring whatever their task. */
export const poolerSpecs = ({ hiddenSize }: ModelConfig): ReadonlyArray<TensorSpec> =>
  linearSpecs("pooler.dense", hiddenSize, hiddenSize);

/** A bi-encoder's layer on the pooled states, where it has one. */
export const denseSpecs = ({ config, dense }: Pick<BiEncoder, "config" | "dense">): ReadonlyArray<TensorSpec> =>
  dense === undefined ? [] : linearSpecs(denseName, dense.dimension, config.hiddenSize);
export const denseName = "dense";

/** All parameters of a model with these heads. */
export const parameterSpecs = (config: ModelConfig, heads: ReadonlyArray<Head> = []): ReadonlyArray<TensorSpec> => [
  ...tableSpecs(config),
  ...encoderSpecs(config),
  ...heads.flatMap((head) => headSpecs(config, head)),
];

/** Those of a further encoder of a program: `second.encoder.layer.0.…`. */
export const withPrefix = (specs: ReadonlyArray<TensorSpec>, prefix: string): ReadonlyArray<TensorSpec> =>
  specs.map((each) => ({ ...each, name: prefix + each.name }));

const linearSpecs = (name: string, out: number, into: number): ReadonlyArray<TensorSpec> => [
  spec(`${name}.weight`, out, into),
  spec(`${name}.bias`, out),
];

const normSpecs = (name: string, dim: number): ReadonlyArray<TensorSpec> => [
  spec(`${name}.weight`, dim),
  spec(`${name}.bias`, dim),
];

const layerSpecs = ({ hiddenSize, intermediateSize }: ModelConfig, prefix: string): ReadonlyArray<TensorSpec> => [
  ...["query", "key", "value"].flatMap((name) =>
    linearSpecs(`${prefix}attention.self.${name}`, hiddenSize, hiddenSize),
  ),
  ...linearSpecs(`${prefix}attention.output.dense`, hiddenSize, hiddenSize),
  ...normSpecs(`${prefix}attention.output.LayerNorm`, hiddenSize),
  ...linearSpecs(`${prefix}intermediate.dense`, intermediateSize, hiddenSize),
  ...linearSpecs(`${prefix}output.dense`, hiddenSize, intermediateSize),
  ...normSpecs(`${prefix}output.LayerNorm`, hiddenSize),
];

/** Deviation of fresh weights (BERT's `initializer_range`). */
export const initialDeviation = 0.02;

/**
 * Fresh weights: matrices normal with deviation 0.02, norms' scales 1, biases 0. Each value depends on the seed, the name and
 * its index alone, so a head added to an encoder is the same whatever else is initialised.
 */
export function initializeWeights(specs: ReadonlyArray<TensorSpec>, seed: number): Weights {
  const weights = new Map<string, Float32Tensor>();
  for (const { name, shape } of specs) weights.set(name, { shape, values: initialValues(name, sizeOf(shape), seed) });
  return weights;
}

function initialValues(name: string, size: number, seed: number): Float32Array {
  const values = new Float32Array(size);
  if (name.endsWith("bias")) return values;
  if (name.includes("LayerNorm")) return values.fill(1);
  const key = randomKey("initial weights", seed, name);
  for (let i = 0; i < size; i++) values[i] = initialDeviation * normalAt(key, i);
  return values;
}
