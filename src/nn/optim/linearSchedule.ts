/**
 * Linear warm-up, then linear decay to 0: the schedule of BERT's fine-tuning and of sentence-transformers (`WarmupLinear`).
 */

/** The factor on the base learning rate.
 *
 * @param step index of the update, from 0; with a warm-up the first update's factor is 0
 * @param warmupSteps updates of rising rate
 * @param totalSteps updates in all; at and after it the factor is 0
 */
export function linearSchedule(step: number, warmupSteps: number, totalSteps: number): number {
  if (step < warmupSteps) return step / Math.max(1, warmupSteps);
  return Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
}
