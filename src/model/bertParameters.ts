/** The parameters of a BERT-shaped encoder: names and shapes as Hugging Face has them, in the order of the forward pass. */
import type { ModelConfig } from "../nn/EncoderModel.ts";

export type ParameterShapes = ReadonlyMap<string, ReadonlyArray<number>>;

const dense = (name: string, to: number, from: number): Array<[string, Array<number>]> => [
  [`${name}.weight`, [to, from]],
  [`${name}.bias`, [to]],
];

export function bertParameters(config: ModelConfig): ParameterShapes {
  const { hiddenSize: dim, intermediateSize: inner } = config;
  const norm = (name: string): Array<[string, Array<number>]> => [
    [`${name}.weight`, [dim]],
    [`${name}.bias`, [dim]],
  ];
  const layer = (at: string): Array<[string, Array<number>]> => [
    ...["query", "key", "value"].flatMap((part) => dense(`${at}.attention.self.${part}`, dim, dim)),
    ...dense(`${at}.attention.output.dense`, dim, dim),
    ...norm(`${at}.attention.output.LayerNorm`),
    ...dense(`${at}.intermediate.dense`, inner, dim),
    ...dense(`${at}.output.dense`, dim, inner),
    ...norm(`${at}.output.LayerNorm`),
  ];
  return new Map<string, ReadonlyArray<number>>([
    ["embeddings.word_embeddings.weight", [config.vocabSize, dim]],
    ["embeddings.position_embeddings.weight", [config.maxPositions, dim]],
    ["embeddings.token_type_embeddings.weight", [config.typeVocabSize, dim]],
    ...norm("embeddings.LayerNorm"),
    ...Array.from({ length: config.layers }, (_, i) => layer(`encoder.layer.${i}`)).flat(),
  ]);
}

/** The pooler that comes with most checkpoints: a cross-encoder's head starts from it. */
export const poolerParameters = ({ hiddenSize }: ModelConfig): ParameterShapes =>
  new Map([
    ["pooler.dense.weight", [hiddenSize, hiddenSize]],
    ["pooler.dense.bias", [hiddenSize]],
  ]);
