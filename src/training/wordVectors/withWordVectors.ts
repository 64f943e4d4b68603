/** An encoder's weights with counted word vectors in the word table, and attention that aligns where that is asked for. */
import type { EncoderModel, ModelConfig } from "../../nn/EncoderModel.ts";
import { embeddingTables, embeddingWidth, hasProjection } from "../../nn/parameters.ts";
import type { Ragged } from "../../nn/Ragged.ts";
import type { Weights } from "../../nn/Weights.ts";
import { TrainingFailure } from "../TrainingFailure.ts";
import { requireKnownIds, requireRows, requireSameTokenizer } from "../checks.ts";
import { softAligner, wordScale } from "./softAligner.ts";
import { svdPasses, wordVectors, type WordVectorOptions } from "./wordVectors.ts";

/** Words that the sentences lack keep the vectors they had. */
export function withWordVectors(
  model: EncoderModel,
  sentences: { readonly tokenizer: string; readonly ids: Ragged },
  options: WordVectorOptions & { readonly align: boolean },
  seed: number,
  onPass: (done: number, total: number) => void,
): Weights {
  const { config, special, weights } = model;
  requireSameTokenizer(model, sentences, "sentences");
  requireRows(sentences.ids, 1, "sentences", "sentence");
  requireKnownIds(config, sentences.ids, "sentences");
  if (options.align) requireAlignable(config);
  const dim = embeddingWidth(config);
  const vectors = wordVectors(sentences.ids, config.vocabSize, dim, options, seed, (done) => onPass(done, svdPasses));
  const table = weights.get(embeddingTables.word)!;
  const values = table.values.map((value, i) =>
    vectors.isKnown[Math.floor(i / dim)] ? wordScale * vectors.values[i]! : value,
  );
  const replaced = new Map(weights).set(embeddingTables.word, { shape: table.shape, values });
  return options.align ? softAligner(replaced, config, special, seed) : replaced;
}

/** The aligner works by two segments, and by words that reach the first layer as they are. */
function requireAlignable(config: ModelConfig): void {
  if (config.typeVocabSize >= 2 && config.pairForm !== "roberta" && !hasProjection(config)) return;
  throw new TrainingFailure(
    "invalid",
    `Attention cannot be made to align in a model of architecture ${config.architecture} of this shape: it has no two segments, or projects its embeddings.`,
    "Set align: false.",
  );
}
