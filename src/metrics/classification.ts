/** How well scores tell two classes apart: plain functions on typed arrays. */
import { averageRanks } from "./correlation.ts";

/** A cut through scores, and how good the classes are that it makes. */
export interface Threshold {
  /** Rows that score at least this are taken as positive; Infinity where taking none is best. */
  readonly threshold: number;
  /** 0 to 1 */
  readonly value: number;
}

/**
 * Area under the ROC curve, 0 to 1: the probability that a positive scores above a negative, ties counted half. Constant scores
 * give 0.5. No monotone map of the scores changes it.
 *
 * @param labels 1 for positives, 0 for negatives
 * @throws RangeError when the columns differ in length, a label is neither, or one class is missing
 */
export function rocAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const positives = countPositives(labels, scores);
  const ranks = averageRanks(scores);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === 1) sum += ranks[i]!;
  return (sum - (positives * (positives + 1)) / 2) / (positives * (labels.length - positives));
}

/** The highest accuracy that a threshold reaches, and the threshold: of several equally good ones the highest. Errors as `rocAuc`. */
export const bestAccuracy = (labels: ArrayLike<number>, scores: ArrayLike<number>): Threshold =>
  bestThreshold(labels, scores, ({ hits, taken, positives, rows }) => (rows - positives - taken + 2 * hits) / rows);

/** The same for F1 of the positive class, the harmonic mean of precision and recall; 0 where nothing is taken. */
export const bestF1 = (labels: ArrayLike<number>, scores: ArrayLike<number>): Threshold =>
  bestThreshold(labels, scores, ({ hits, taken, positives }) => (2 * hits) / (taken + positives));

interface Counts {
  /** Positives among those taken. */
  readonly hits: number;
  readonly taken: number;
  readonly positives: number;
  readonly rows: number;
}

/** Between two scores that differ the threshold is their middle, as in sentence-transformers' evaluators. */
function bestThreshold(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  measure: (counts: Counts) => number,
): Threshold {
  const rows = labels.length;
  const positives = countPositives(labels, scores);
  const order = Uint32Array.from({ length: rows }, (_, i) => i).sort((i, j) => scores[j]! - scores[i]!);
  let best: Threshold = { threshold: Infinity, value: measure({ hits: 0, taken: 0, positives, rows }) };
  for (let taken = 1, hits = 0; taken <= rows; taken++) {
    const score = scores[order[taken - 1]!]!;
    if (labels[order[taken - 1]!] === 1) hits++;
    const next = taken < rows ? scores[order[taken]!]! : -Infinity;
    if (next === score) continue; // rows of one score are taken together
    const value = measure({ hits, taken, positives, rows });
    if (value > best.value) best = { threshold: next === -Infinity ? score : (score + next) / 2, value };
  }
  return best;
}

function countPositives(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  if (labels.length !== scores.length) throw new RangeError(`columns of ${labels.length} and ${scores.length} rows`);
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) throw new RangeError(`row ${i} has the label ${labels[i]}, not 0 or 1`);
    if (Number.isNaN(scores[i]!)) throw new RangeError(`row ${i} is NaN`);
    positives += labels[i]!;
  }
  if (positives === 0 || positives === labels.length) throw new RangeError("there are rows of one class only");
  return positives;
}
