/** What is checked before the first update: each mistake is one sentence that names what to change. */
import type { ModelConfig, Pooling } from "../nn/EncoderModel.ts";
import { paddedLengthOf } from "../nn/pooling.ts";
import { type Ragged, raggedRows } from "../nn/Ragged.ts";
import type { Reaction } from "./guardOptions.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

const invalid = (message: string, hint: string): TrainingFailure => new TrainingFailure("invalid", message, hint);

/** Ids mean nothing to a model that was made for another tokenizer. @param port of the ids */
export function requireSameTokenizer(
  model: { readonly tokenizer: string },
  ids: { readonly tokenizer: string },
  port: string,
) {
  if (model.tokenizer === ids.tokenizer) return;
  throw invalid(
    `Port "${port}" was tokenized with tokenizer ${ids.tokenizer.slice(0, 12)}, but the model was made for ${model.tokenizer.slice(0, 12)}.`,
    "Tokenize with the tokenizer of the step that made the model: its port `tokenizer`.",
  );
}

/** The same where texts come raw, with a tokenizer beside them. @param tokenizer its digest */
export function requireTokenizerOf(model: { readonly tokenizer: string }, tokenizer: string): void {
  if (model.tokenizer === tokenizer) return;
  throw invalid(
    `Port "tokenizer" has tokenizer ${tokenizer.slice(0, 12)}, but the model was made for ${model.tokenizer.slice(0, 12)}.`,
    "Link the tokenizer of the step that made the model: its port `tokenizer`.",
  );
}

export function requireRows(rows: Ragged, least: number, port: string, unit: string): void {
  const count = raggedRows(rows);
  if (count >= least) return;
  if (count === 0) throw invalid(`Port "${port}" has no ${unit}s to learn from.`, "Link data that is not empty.");
  throw invalid(
    `Port "${port}" has ${count} ${unit}, but at least ${least} are needed: one alone has no negative.`,
    "Link more data.",
  );
}

/** Row i of a port belongs to row i of port `sentences`. */
export function requireAligned(sentences: Ragged, others: Ragged, port: string): void {
  const [wanted, found] = [raggedRows(sentences), raggedRows(others)];
  if (wanted === found) return;
  throw invalid(
    `Port "${port}" has ${found} sentences, but port "sentences" has ${wanted}: row by row they belong together.`,
    "Link what was read from the same rows, all of it or cut alike.",
  );
}

/** Ids beyond the word table: a tokenizer that grew, or another one. */
export function requireKnownIds(config: ModelConfig, ids: Ragged, port: string): void {
  for (const id of ids.values)
    if (id < 0 || id >= config.vocabSize)
      throw invalid(
        `Port "${port}" has token id ${id}, but the model knows ${config.vocabSize} only.`,
        "Tokenize with the tokenizer that the model was made for.",
      );
}

/** The batch that remains after cutting must fit into the model's table of positions. */
export function requirePositions(config: ModelConfig, maxTokens: number): void {
  if (maxTokens <= config.maxPositions) return;
  throw invalid(
    `maxTokens is ${maxTokens}, but the model has positions for ${config.maxPositions} tokens only.`,
    `Set maxTokens to ${config.maxPositions} or less.`,
  );
}

/** So must what a pooling fills every text up to. */
export function requirePaddedLength(config: ModelConfig, pooling: Pooling): void {
  const paddedLength = paddedLengthOf(pooling);
  if (paddedLength === undefined || paddedLength <= config.maxPositions) return;
  throw invalid(
    `paddedLength is ${paddedLength}, but the model has positions for ${config.maxPositions} tokens only.`,
    `Set paddedLength to ${config.maxPositions} or less.`,
  );
}

/** Scores are aligned by row with the pairs whose digest they carry. */
export function requireScoresOf(
  pairs: { readonly pairs: string; readonly a: Ragged },
  scores: { readonly pairs: string; readonly values: Float32Array },
): void {
  if (pairs.pairs !== scores.pairs)
    throw invalid(
      `The scores on port "scores" belong to pairs ${scores.pairs.slice(0, 12)}, but port "pairs" has ${pairs.pairs.slice(0, 12)}.`,
      "Link scores that `pseudo-label` made from the same pairs.",
    );
  if (scores.values.length === raggedRows(pairs.a)) return;
  throw invalid(
    `Port "scores" has ${scores.values.length} scores for ${raggedRows(pairs.a)} pairs.`,
    "Link scores that `pseudo-label` made from the same pairs.",
  );
}

/** A score that is no number would make the loss none. */
export function requireNumbers({ values }: { readonly values: Float32Array }): void {
  const row = values.findIndex((value) => !Number.isFinite(value));
  if (row < 0) return;
  throw invalid(
    `Score ${row + 1} of ${values.length} on port "scores" is ${values[row]}.`,
    "Look at what made the scores: `pipeline show` prints them.",
  );
}

/** Labels that a loss can take. */
export interface LabelRange {
  readonly least: number;
  readonly most: number;
  /** What it means that a label is outside: "where the loss has no lower bound". */
  readonly because: string;
  /** How to avoid it. */
  readonly hint: string;
}

/** Cosines and probabilities are rounded: what is as little above their most is no mistake. */
const rounding = 1e-6;

/**
 * Counts labels outside of a range. @param reaction the setting `guards.labels` @returns what there is to warn of
 * @throws TrainingFailure of reason `invalid` where that is to fail
 */
export function checkLabels(
  labels: Float32Array,
  { least, most, because, hint }: LabelRange,
  reaction: Reaction = "warn",
): ReadonlyArray<string> {
  if (reaction === "ignore") return [];
  const isBelow = (label: number) => label < (least === 0 ? 0 : least - rounding);
  const isOutside = (label: number) => isBelow(label) || label > most + rounding;
  const outside = labels.filter(isOutside);
  if (outside.length === 0) return [];
  const where = outside.every(isBelow) ? `below ${least}` : `outside ${least} to ${most}`;
  const first = labels.findIndex(isOutside);
  const message =
    `${outside.length} of ${labels.length} labels are ${where}, ${because} ` +
    `(the first: label ${first + 1}, ${Number(labels[first]!.toPrecision(4))}).`;
  if (reaction === "fail") throw invalid(message, hint);
  return [`${message} ${hint}`];
}
