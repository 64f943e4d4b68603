/**
 * Embedding look-up outside of the graph: the sum of a token's word, position and type rows enters a program as one matrix
 * `[tokens, dim]`, and the gradient of that matrix leaves it. The tables are never copied, transposed or zero-filled; the one
 * gradient serves all three, by the ids, positions and types of the batch.
 */
import type { ModelConfig } from "./EncoderModel.ts";
import { embeddingTables, embeddingWidth } from "./parameters.ts";
import { defaultBatchPrefix, type PackedBatch } from "./PackedBatch.ts";
import type { PackedShape } from "./PackedLayout.ts";
import type { TensorSpec } from "./TensorSpec.ts";
import type { Weights } from "./Weights.ts";

type Tables = ReadonlyMap<string, Float32Array>;

/** The values of every parameter, without shapes. */
export const weightValues = (weights: Weights): Map<string, Float32Array> =>
  new Map(Array.from(weights, ([name, tensor]) => [name, tensor.values]));

/**
 * word + position + type rows of each token `[tokens, width of the embeddings]`; fillers are zero.
 * @param prefix before the names of the encoder's tables, where there are several @param into reused where it has the size
 */
export function embeddingRows(
  tables: Tables,
  batch: PackedBatch,
  config: ModelConfig,
  prefix = "",
  into?: Float32Array,
): Float32Array {
  const dim = embeddingWidth(config);
  const { ids } = batch;
  const positions = positionRows(batch, config);
  const types = typeRows(batch, config);
  const rows = into?.length === ids.length * dim ? into : new Float32Array(ids.length * dim);
  const words = tables.get(prefix + embeddingTables.word)!;
  const places = tables.get(prefix + embeddingTables.position)!;
  const segments = tables.get(prefix + embeddingTables.type) ?? new Float32Array(dim);
  for (let token = 0; token < ids.length; token++) {
    const to = token * dim;
    if (ids[token]! < 0) {
      rows.fill(0, to, to + dim);
      continue;
    }
    const word = ids[token]! * dim;
    const place = positions[token]! * dim;
    const segment = types[token]! * dim;
    for (let j = 0; j < dim; j++) rows[to + j] = words[word + j]! + segments[segment + j]! + places[place + j]!;
  }
  return rows;
}

/**
 * Table name → the row of it that each token looked up; -1 for fillers. With the gradient of the rows, all an optimizer needs.
 */
export const embeddingOccurrences = (
  batch: PackedBatch,
  config: ModelConfig,
  prefix = "",
): ReadonlyMap<string, Int32Array> =>
  new Map([
    [prefix + embeddingTables.word, exceptPadding(batch.ids, batch)],
    [prefix + embeddingTables.position, learnedPositions(batch, config)],
    [prefix + embeddingTables.type, typeRows(batch, config)],
  ]);

/** Padding's word has no gradient, as in PyTorch (`padding_idx`): it stays as it came, but for decay. */
const exceptPadding = (rows: Int32Array, { isPadding }: PackedBatch): Int32Array =>
  rows.map((row, token) => (isPadding[token] === 1 ? -1 : row));

/** Nor has its position, where all padding has one (RoBERTa). */
const learnedPositions = (batch: PackedBatch, config: ModelConfig): Int32Array =>
  config.paddingIndex === undefined ? positionRows(batch, config) : exceptPadding(positionRows(batch, config), batch);

/** The word of each token as an input of a program (`PackedBatch.ids`), for losses that tell words apart. */
export const wordsInput = (shape: PackedShape, prefix = defaultBatchPrefix): TensorSpec => ({
  name: `${prefix}.words`,
  shape: [shape.tokens],
  dtype: "int32",
});

/** The row of the position table of each token (see `ModelConfig.paddingIndex`); tokens of a sequence lie in a row. */
function positionRows({ ids, positions }: PackedBatch, { paddingIndex }: ModelConfig): Int32Array {
  if (paddingIndex === undefined) return positions;
  let counted = 0;
  return ids.map((id, token) => {
    if (positions[token] === 0) counted = 0;
    if (id < 0) return -1;
    return id === paddingIndex ? paddingIndex : paddingIndex + ++counted;
  });
}

/** The row of the segment table of each token: where there are not two, all tokens have the first. */
const typeRows = ({ types }: PackedBatch, { typeVocabSize }: ModelConfig): Int32Array =>
  typeVocabSize >= 2 ? types : types.map((type) => Math.min(type, 0));

/**
 * Adds row gradients to a dense one of the same table, in order of occurrence: for the word table of a masked language model,
 * which is looked up and is the decoder too. @param dense [table rows, dim], changed in place
 */
export function addRows(dense: Float32Array, ids: Int32Array, values: Float32Array, dim: number): void {
  for (let i = 0; i < ids.length; i++) {
    if (ids[i]! < 0) continue;
    const to = ids[i]! * dim;
    for (let j = 0; j < dim; j++) dense[to + j]! += values[i * dim + j]!;
  }
}
