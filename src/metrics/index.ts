/** Numbers that say how good an encoder is: plain functions on typed arrays. */
export { bestAccuracy, bestF1, rocAuc, type Threshold } from "./classification.ts";
export { averageRanks, pearson, spearman } from "./correlation.ts";
export { aggregatedSpearman, type Aggregate } from "./subsets.ts";
export { alignment, uniformity } from "./embeddingGeometry.ts";
export { nearestRows, type Neighbour } from "./nearestRows.ts";
