/** Numbers that say how good an encoder is: plain functions on typed arrays. */
export { averageRanks, pearson, spearman } from "./correlation.ts";
export { alignment, uniformity } from "./embeddingGeometry.ts";
export { nearestRows, type Neighbour } from "./nearestRows.ts";
