/** How many updates a training has, and how its learning rate moves over them. */
import { constantSchedule } from "../nn/optim/constantSchedule.ts";
import { cosineSchedule } from "../nn/optim/cosineSchedule.ts";
import { exponentialSchedule } from "../nn/optim/exponentialSchedule.ts";
import { linearSchedule } from "../nn/optim/linearSchedule.ts";
import { type RateStep, stepwiseSchedule } from "../nn/optim/stepwiseSchedule.ts";
import type { TrainingOptions } from "./options.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

export interface Schedule {
  readonly totalSteps: number;
  readonly warmupSteps: number;
  /** At its highest. */
  readonly learningRate: number;
  /** On it, at an update's index from 0. */
  readonly factor: (step: number) => number;
}

type ScheduleFields = Pick<
  TrainingOptions,
  "epochs" | "maxSteps" | "warmupRatio" | "learningRate" | "schedule" | "rateSteps" | "decayRate"
>;

/**
 * At least one update; a fraction of an epoch is rounded to whole updates, the warm-up is rounded up.
 * @throws TrainingFailure of reason `invalid` where a schedule lacks what it needs
 */
export function scheduleOf(options: ScheduleFields, stepsPerEpoch: number): Schedule {
  const wanted = Math.max(1, Math.round(options.epochs * stepsPerEpoch));
  const totalSteps = Math.min(wanted, options.maxSteps ?? wanted);
  const warmupSteps = Math.ceil(options.warmupRatio * totalSteps);
  return {
    totalSteps,
    warmupSteps,
    learningRate: options.learningRate,
    factor: factorOf(options, warmupSteps, totalSteps),
  };
}

function factorOf(options: ScheduleFields, warmupSteps: number, totalSteps: number): Schedule["factor"] {
  switch (options.schedule ?? "linear") {
    case "linear":
      return (step) => linearSchedule(step, warmupSteps, totalSteps);
    case "constant":
      return (step) => constantSchedule(step, warmupSteps);
    case "cosine":
      return (step) => cosineSchedule(step, warmupSteps, totalSteps);
    case "exponential": {
      const decayRate = needed(options.decayRate, "exponential", "decayRate", "0.01");
      return (step) => exponentialSchedule(step, warmupSteps, decayRate);
    }
    case "stepwise": {
      const rateSteps = rising(needed(options.rateSteps, "stepwise", "rateSteps", "[{ after: 500, factor: 0.8 }]"));
      return (step) => stepwiseSchedule(step, warmupSteps, rateSteps);
    }
  }
}

function needed<Value>(value: Value | undefined, schedule: string, field: string, example: string): Value {
  if (value !== undefined) return value;
  throw new TrainingFailure(
    "invalid",
    `The schedule ${schedule} needs ${field}.`,
    `Set ${field}, for example to ${example}.`,
  );
}

function rising(rateSteps: ReadonlyArray<RateStep>): ReadonlyArray<RateStep> {
  const at = rateSteps.findIndex(({ after }, i) => i > 0 && after <= rateSteps[i - 1]!.after);
  if (at < 0) return rateSteps;
  throw new TrainingFailure(
    "invalid",
    `rateSteps go from update ${rateSteps[at - 1]!.after} to update ${rateSteps[at]!.after}, which is not later.`,
    "Put them in rising order of `after`.",
  );
}
