/** A constant learning rate, after a linear warm-up where there is one. Mirror-BERT has it without. */

/** The factor on the base learning rate. @param step index of the update, from 0; with a warm-up the first update's factor is 0 */
export const constantSchedule = (step: number, warmupSteps: number): number =>
  step < warmupSteps ? step / warmupSteps : 1;
