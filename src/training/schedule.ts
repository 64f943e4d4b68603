/** How many updates a training has, and how its learning rate moves over them. */
import type { TrainingOptions } from "./options.ts";

export interface Schedule {
  readonly totalSteps: number;
  readonly warmupSteps: number;
  /** At its highest. */
  readonly learningRate: number;
}

/** At least one update; a fraction of an epoch is rounded to whole updates, the warm-up is rounded up. */
export function scheduleOf(
  options: Pick<TrainingOptions, "epochs" | "maxSteps" | "warmupRatio" | "learningRate">,
  stepsPerEpoch: number,
): Schedule {
  const wanted = Math.max(1, Math.round(options.epochs * stepsPerEpoch));
  const totalSteps = Math.min(wanted, options.maxSteps ?? wanted);
  return { totalSteps, warmupSteps: Math.ceil(options.warmupRatio * totalSteps), learningRate: options.learningRate };
}
