/** A whole training as a promise: start, loop, watch, keep. What stages run; tests that look closer use the loop itself. */
import type { EngineShape } from "../engine/Engine.ts";
import type { Weights } from "../nn/Weights.ts";
import { watchDevelopment } from "./bestSoFar.ts";
import { type Curve, recordCurve } from "./curve.ts";
import { guardDefaults } from "./guardOptions.ts";
import { collapsedGuard, divergedGuard, type Guard, stuckGuard, type UpdateNumbers, watchWith } from "./guards.ts";
import type { Method, Numbers } from "./Method.ts";
import type { TrainingOptions } from "./options.ts";
import { scheduleOf } from "./schedule.ts";
import { TrainingFailure } from "./TrainingFailure.ts";
import { type StepMetrics, trainingLoop } from "./trainingLoop.ts";
import { captureState, type Standing, standingAtStart } from "./trainingState.ts";

/** What a training tells while it goes, and is asked. */
export interface Watcher {
  /** @param tripped 1 for every guard that would warn now */
  readonly report: (metrics: StepMetrics, tripped: Numbers) => void;
  /** A sentence for whoever looks on: of doubtful data before the first update, of a guard when its patience is over. */
  readonly warn: (message: string) => void;
  readonly isInterrupted: () => boolean;
  /**
   * Called after every update but the last, and where a guard ends the training. With `mustSave` the training ends with it.
   * @param standing what to go on from: shares the state's arrays, so store it at once @returns where it is kept, where a person can look
   */
  readonly keep?: (standing: () => Standing, mustSave: boolean) => string | undefined;
}

export interface Trained {
  /** Encoder and heads. */
  readonly weights: Weights;
  readonly curve: Curve;
}

/**
 * @param from where to go on; left out, the method's start
 * @throws TrainingFailure of reason `divergence` or `interrupted`
 */
export async function train(
  method: Method,
  engine: EngineShape,
  options: TrainingOptions,
  watcher: Watcher,
  from: Standing = standingAtStart(method.start),
): Promise<Trained> {
  const { state } = from;
  const schedule = scheduleOf(options, method.stepsPerEpoch);
  const curve = recordCurve(from.curve);
  const development = watchDevelopment(method, engine, schedule, from.best);
  let lossBefore = from.curve.series["loss"]?.at(-1);
  const guards = watchWith(
    guardsOf(method, () => lossBefore),
    options.guards ?? guardDefaults,
    from.doubts,
  );
  // As it was before a guard that may end the training began to suspect it: then this is what is kept, if anything is.
  let undoubted: Standing | undefined;
  const standing = (): Standing =>
    undoubted ?? { state, curve: curve.finish(), doubts: guards.doubts(), best: development.best() };
  const look = (numbers: UpdateNumbers): void => {
    const doubts = guards.doubts();
    guards.see(numbers).forEach(watcher.warn);
    if (!guards.isDoubted()) undoubted = undefined;
    else undoubted ??= { state: captureState(state), curve: curve.finish(), doubts, best: development.best() };
  };

  const newest: { [name: string]: number } = {};
  method.warnings?.forEach(watcher.warn);
  try {
    for await (const metrics of trainingLoop(method, engine, state, schedule, options.maxGradientNorm, look)) {
      const { step, loss, learningRate, gradientNorm, observed } = metrics;
      const atCollapse: Numbers = method.collapsedLoss === undefined ? {} : { collapsedLoss: method.collapsedLoss };
      const looked = await development.look(state);
      curve.add(step, { loss, ...atCollapse, learningRate, gradientNorm, ...observed, ...looked });
      lossBefore = loss;
      Object.assign(newest, withNumbers(looked));
      const shown = { ...metrics, observed: { ...observed, ...newest } };
      watcher.report(shown, Object.fromEntries(guards.tripped().map((name) => [name, 1])));
      if (step === schedule.totalSteps) continue;
      const isInterrupted = watcher.isInterrupted();
      watcher.keep?.(standing, isInterrupted);
      if (isInterrupted)
        throw new TrainingFailure(
          "interrupted",
          `Training was interrupted after update ${step} of ${schedule.totalSteps}.`,
        );
    }
  } catch (error) {
    throw isGuardsEnd(error) ? withWhatIsKept(error, standing(), watcher) : error;
  }
  return { weights: development.weights(state), curve: curve.finish() };
}

const withNumbers = (row: Numbers): Numbers =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => !Number.isNaN(value)));

const guardsOf = (
  { collapsedLoss, uniformity }: Method,
  lossBefore: () => number | undefined,
): ReadonlyArray<Guard> => [
  divergedGuard(lossBefore),
  ...(collapsedLoss === undefined ? [] : [stuckGuard(collapsedLoss)]),
  ...(uniformity === undefined ? [] : [collapsedGuard]),
];

const isGuardsEnd = (error: unknown): error is TrainingFailure =>
  error instanceof TrainingFailure && error.reason === "divergence";

/**
 * A training is a function of its key: going on from what is kept ends at the same update. So it is said, and nobody waits for
 * another outcome.
 */
function withWhatIsKept({ message, hint }: TrainingFailure, kept: Standing, watcher: Watcher): TrainingFailure {
  const { step } = kept.state;
  const place = step === 0 ? undefined : watcher.keep?.(() => kept, true);
  return new TrainingFailure(
    "divergence",
    place === undefined ? message : `${message} Its state after update ${step} is kept in ${place}.`,
    `Run again as it is, it ends there again. ${hint ?? ""}`.trimEnd(),
  );
}
