/** What people said of pairs, as labels to learn: classes for a classifier, or scores on a scale. */
import type { Ragged } from "../nn/Ragged.ts";
import { raggedRows } from "../nn/Ragged.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

export interface GoldLabels {
  /** Digest of the pairs. */
  readonly pairs: string;
  /** One of each pair; empty where the files had none. */
  readonly scores: Float64Array;
  /** Of each pair the set (the file) it is from; rows of a set stand together. */
  readonly sets: ReadonlyArray<string>;
}

const invalid = (message: string, hint: string): TrainingFailure => new TrainingFailure("invalid", message, hint);

/** @throws TrainingFailure of reason `invalid` where the labels are not those of the pairs, or there are none */
export function requireGoldOf(pairs: { readonly pairs: string; readonly a: Ragged }, gold: GoldLabels): void {
  if (pairs.pairs !== gold.pairs)
    throw invalid(
      `The labels on port "gold" belong to pairs ${gold.pairs.slice(0, 12)}, but port "pairs" has ${pairs.pairs.slice(0, 12)}.`,
      "Link gold and pairs of the same read-pairs step.",
    );
  if (gold.scores.length === 0)
    throw invalid(
      `There are no labels on port "gold": of the sets ${[...new Set(gold.sets)].join(", ")} at least one has no score column.`,
      "Train on pair files with the columns sentence1, sentence2 and score.",
    );
  if (gold.scores.length === raggedRows(pairs.a)) return;
  throw invalid(
    `Port "gold" has ${gold.scores.length} labels for ${raggedRows(pairs.a)} pairs.`,
    "Link gold and pairs of the same read-pairs step.",
  );
}

/** "pair 3 of the set train" */
function placeOf({ sets }: GoldLabels, row: number): string {
  return `pair ${row - sets.indexOf(sets[row]!) + 1} of the set ${sets[row]}`;
}

function requireEach({ scores }: GoldLabels, isGood: (score: number) => boolean, failure: (row: number) => Error) {
  const row = scores.findIndex((score) => !isGood(score));
  if (row >= 0) throw failure(row);
}

export interface Classes {
  /** From 0. */
  readonly count: number;
  /** One of each pair. */
  readonly values: Int32Array;
  /** What is doubtful about them. */
  readonly warnings: ReadonlyArray<string>;
}

/** More than this many classes are likely scores that were taken for classes. */
const manyClasses = 100;

/**
 * @param count how many classes there are; left out, one more than the highest label
 * @throws TrainingFailure of reason `invalid` where a label is no class, or all are the same one
 */
export function classesOf(gold: GoldLabels, count?: number): Classes {
  const { scores } = gold;
  requireEach(
    gold,
    (score) => Number.isInteger(score) && score >= 0,
    (row) =>
      invalid(
        `The label of ${placeOf(gold, row)} is ${scores[row]}, but classes are whole numbers from 0 on.`,
        "Number the classes from 0 in the score column, or set objective to regression for scores.",
      ),
  );
  const highest = scores.reduce((most, score) => Math.max(most, score), 0);
  if (count === undefined && highest >= manyClasses)
    throw invalid(
      `The labels go up to ${highest}, which would be ${highest + 1} classes.`,
      "Set classes to how many there are, or objective to regression for scores.",
    );
  const known = count ?? highest + 1;
  requireEach(
    gold,
    (score) => score < known,
    (row) =>
      invalid(
        `The label of ${placeOf(gold, row)} is ${scores[row]}, but there are ${known} classes: 0 to ${known - 1}.`,
        "Set classes to one more than the highest label.",
      ),
  );
  requireUnlike(gold, "class");
  const present = new Set(scores);
  const missing = Array.from({ length: known }, (_, i) => i).filter((i) => !present.has(i));
  const warnings = missing.length === 0 ? [] : [`No pair has the class ${missing.join(" or ")} of ${known} classes.`];
  return { count: known, values: Int32Array.from(scores), warnings };
}

function requireUnlike({ scores }: GoldLabels, word: "class" | "score"): void {
  if (scores.some((score) => score !== scores[0])) return;
  throw invalid(
    `All ${scores.length} pairs have the ${word} ${scores[0]}: there is nothing to tell apart.`,
    `Train on pairs of more than one ${word}.`,
  );
}

export interface ScaledScores {
  /** One of each pair, 0 to 1. */
  readonly values: Float32Array;
  /** What is doubtful about them. */
  readonly warnings: ReadonlyArray<string>;
}

/** Labels that reach no further than this may have been meant for a scale of 1. */
const lowHighest = 0.5;

/**
 * Scores divided by the highest of their scale: 5 for STS.
 * @throws TrainingFailure of reason `invalid` where a score is not on the scale, or all are the same
 */
export function scaledScores(gold: GoldLabels, highestScore: number): ScaledScores {
  const { scores } = gold;
  requireEach(
    gold,
    (score) => score >= 0 && score <= highestScore,
    (row) =>
      invalid(
        `The score of ${placeOf(gold, row)} is ${scores[row]}, but highestScore is ${highestScore}: scores go from 0 to it.`,
        "Set highestScore to the end of the scale.",
      ),
  );
  requireUnlike(gold, "score");
  const values = Float32Array.from(scores, (score) => score / highestScore);
  const highest = scores.reduce((most, score) => Math.max(most, score), 0);
  const doubt = `The highest score is ${highest}, and highestScore is ${highestScore}: no label is above ${Number((highest / highestScore).toPrecision(3))}.`;
  return {
    values,
    warnings: highest / highestScore > lowHighest ? [] : [`${doubt} Set highestScore to the end of the scale.`],
  };
}
