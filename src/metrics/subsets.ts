/** One correlation for a test set of several parts: three ways are in use, and their numbers differ (methods §8.1). */
import { spearman } from "./correlation.ts";

/**
 * - `all`: all rows as one set (SBERT, SimCSE, DiffCSE, Mirror-BERT, Trans-Encoder)
 * - `mean`: the mean of the parts' correlations
 * - `wmean`: their mean weighted by rows (BERT-flow, BERT-whitening)
 */
export type Aggregate = "all" | "mean" | "wmean";

/**
 * Spearman's correlation, -1 to 1; a part of one row, or of equal gold, counts 0.
 *
 * @param parts one per row; rows need not stand in order @throws RangeError as `spearman`
 */
export function aggregatedSpearman(
  gold: ArrayLike<number>,
  scores: ArrayLike<number>,
  parts: ReadonlyArray<string>,
  aggregate: Aggregate,
): number {
  if (aggregate === "all") return spearman(gold, scores);
  let [sum, weights] = [0, 0];
  for (const rows of Map.groupBy(parts.keys(), (row) => parts[row]!).values()) {
    const pick = (values: ArrayLike<number>) => rows.map((row) => values[row]!);
    const weight = aggregate === "mean" ? 1 : rows.length;
    sum += weight * (rows.length < 2 ? 0 : spearman(pick(gold), pick(scores)));
    weights += weight;
  }
  return sum / weights;
}
