/**
 * A learning rate that changes at given updates and is constant between: Keras' `PiecewiseConstantDecay`, which Contrastive
 * Tension's authors use (1e-5, after update 500 8e-6, after 1000 6e-6, after 1500 4e-6, after 2000 2e-6).
 */

/** From the update behind `after` on, the base learning rate is multiplied by `factor`. */
export interface RateStep {
  /** Index of an update, from 0: the last one with the earlier rate. */
  readonly after: number;
  readonly factor: number;
}

/** Contrastive Tension's, for a base of 1e-5. */
export const contrastiveTensionSteps: ReadonlyArray<RateStep> = [
  { after: 500, factor: 0.8 },
  { after: 1000, factor: 0.6 },
  { after: 1500, factor: 0.4 },
  { after: 2000, factor: 0.2 },
];

/**
 * The factor on the base learning rate, after a linear warm-up where there is one.
 * @param step index of the update, from 0
 * @param rateSteps in rising order of `after`
 */
export function stepwiseSchedule(step: number, warmupSteps: number, rateSteps: ReadonlyArray<RateStep>): number {
  if (step < warmupSteps) return step / warmupSteps;
  return rateSteps.findLast(({ after }) => step > after)?.factor ?? 1;
}
