/** A whole training as a promise: start, loop, watch, keep. What stages run; tests that look closer use the loop itself. */
import type { EngineShape } from "../engine/Engine.ts";
import type { Weights } from "../nn/Weights.ts";
import { type Curve, emptyCurve, recordCurve } from "./curve.ts";
import type { Method, Numbers } from "./Method.ts";
import type { TrainingOptions } from "./options.ts";
import { scheduleOf } from "./schedule.ts";
import { TrainingFailure } from "./TrainingFailure.ts";
import { type StepMetrics, trainingLoop } from "./trainingLoop.ts";
import { startFrom, type TrainingState, trainedWeights } from "./trainingState.ts";

/** What a training tells while it goes, and is asked. */
export interface Watcher {
  readonly report: (metrics: StepMetrics, warnings: { readonly [name: string]: number }) => void;
  readonly isInterrupted: () => boolean;
  /** Called after every update but the last, when the state may be copied; with `mustSave` the training ends with it. */
  readonly keep?: (curve: () => Curve, mustSave: boolean) => void;
}

export interface Trained {
  /** Encoder and heads. */
  readonly weights: Weights;
  readonly curve: Curve;
  /** The loss ended where embeddings that are all equal have it. */
  readonly collapsed: boolean;
}

/**
 * @param state where to go on; left out, the method's start
 * @param past the curve up to there
 * @throws TrainingFailure of reason `divergence` or `interrupted`
 */
export async function train(
  method: Method,
  engine: EngineShape,
  options: TrainingOptions,
  watcher: Watcher,
  state: TrainingState = startFrom(method.start),
  past: Curve = emptyCurve,
): Promise<Trained> {
  const schedule = scheduleOf(options, method.stepsPerEpoch);
  const curve = recordCurve(past);
  const collapse = watchCollapse(method.collapsedLoss);
  past.series["loss"]?.forEach((loss) => collapse.see(loss));
  for await (const metrics of trainingLoop(method, engine, state, schedule, options.maxGradientNorm)) {
    const { step, loss, learningRate, gradientNorm, observed } = metrics;
    const atCollapse: Numbers = method.collapsedLoss === undefined ? {} : { collapsedLoss: method.collapsedLoss };
    curve.add(step, { loss, ...atCollapse, learningRate, gradientNorm, ...observed });
    watcher.report(metrics, collapse.see(loss) ? { collapsed: 1 } : {});
    if (step === schedule.totalSteps) continue;
    const isInterrupted = watcher.isInterrupted();
    watcher.keep?.(curve.finish, isInterrupted);
    if (isInterrupted)
      throw new TrainingFailure(
        "interrupted",
        `Training was interrupted after update ${step} of ${schedule.totalSteps}.`,
      );
  }
  return { weights: trainedWeights(state, method.start), curve: curve.finish(), collapsed: collapse.isCollapsed() };
}

/** Updates in a row that a loss must stay at its collapsed value, and how near: one in a hundred. */
const collapseSteps = 50;
const collapseTolerance = 0.01;

function watchCollapse(collapsedLoss: number | undefined): {
  readonly see: (loss: number) => boolean;
  readonly isCollapsed: () => boolean;
} {
  let stuck = 0;
  const isCollapsed = () => stuck >= collapseSteps;
  return {
    isCollapsed,
    see: (loss) => {
      const near = collapsedLoss !== undefined && Math.abs(loss - collapsedLoss) < collapseTolerance * collapsedLoss;
      stuck = near ? stuck + 1 : 0;
      return isCollapsed();
    },
  };
}
