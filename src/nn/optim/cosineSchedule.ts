/**
 * Linear warm-up, then half a cosine down to 0, as `get_cosine_schedule_with_warmup` of transformers.
 *
 * Source: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, without restarts.
 */

/**
 * The factor on the base learning rate: (1 + cos(π(t - w) / (T - w))) / 2.
 * @param step t, index of the update, from 0; with a warm-up the first update's factor is 0
 * @param totalSteps T, updates in all; at and after it the factor is 0
 */
export function cosineSchedule(step: number, warmupSteps: number, totalSteps: number): number {
  if (step < warmupSteps) return step / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  return (1 + Math.cos(Math.PI * progress)) / 2;
}
