/**
 * Linear warm-up, then exponential decay: the schedule of a TensorFlow variant of SBERT (methods §7.2). Unlike the other
 * warm-ups its own has no update with a rate of 0.
 */

/**
 * The factor on the base learning rate: (t + 1) / w for t < w, then (1 - d)^(t - w).
 * @param step t, index of the update, from 0
 * @param warmupSteps w: updates of an epoch times epochs of warm-up
 * @param decayRate d: share of the learning rate that each update takes off, 0 to below 1
 */
export const exponentialSchedule = (step: number, warmupSteps: number, decayRate: number): number =>
  step < warmupSteps ? (step + 1) / warmupSteps : (1 - decayRate) ** (step - warmupSteps);
