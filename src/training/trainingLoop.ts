/**
 * The one training loop: prepare, run, check, clip, update, tell. It is an iterator of what each update showed, so whoever
 * drives it may stop after any of them, look at the state, or take a copy of it.
 */
import type { EngineShape } from "../engine/Engine.ts";
import { clipCoefficient, globalNorm } from "../nn/optim/clipByGlobalNorm.ts";
import { updateParameters } from "../nn/optim/Optimizer.ts";
import { batchGradients } from "./batchGradients.ts";
import type { UpdateNumbers } from "./guards.ts";
import type { Method, Numbers } from "./Method.ts";
import type { Schedule } from "./schedule.ts";
import type { TrainingState } from "./trainingState.ts";

/** What one update showed. */
export interface StepMetrics {
  /** Updates done, from 1. */
  readonly step: number;
  readonly total: number;
  readonly loss: number;
  /** Of this update. */
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Real tokens of the batch. */
  readonly tokens: number;
  /** Of this call of the loop so far, compilation included. The one number here that is not reproducible. */
  readonly tokensPerSecond: number;
  /** What the method observes. */
  readonly observed: Numbers;
}

/**
 * Trains from `state` on, in place, to the end of the schedule. A fresh state starts; a captured one goes on, bit for bit as
 * if there had been no stop.
 * @param look at the numbers of an update before it is applied: what it throws ends the training, with the state as it was
 *   before that update
 */
export async function* trainingLoop(
  method: Method,
  engine: EngineShape,
  state: TrainingState,
  schedule: Schedule,
  maxGradientNorm: number,
  look: (numbers: UpdateNumbers) => void,
): AsyncGenerator<StepMetrics, void, void> {
  const total = schedule.totalSteps;
  const compute = batchGradients(method, engine, state);
  const started = performance.now();
  let tokensSeen = 0;
  while (state.step < total) {
    const { step } = state;
    const { loss, gradients, observed, tokens, uniformity } = await compute(step);
    const gradientNorm = globalNorm(gradients);
    look({ step: step + 1, loss, contrastiveLoss: observed["contrastiveLoss"], gradientNorm, uniformity });
    const learningRate = schedule.learningRate * schedule.factor(step);
    const scale = clipCoefficient(gradientNorm, maxGradientNorm);
    updateParameters(state.parameters, gradients, state.optimizer, method.optimizer, learningRate, scale);
    state.step = step + 1;

    tokensSeen += tokens;
    yield {
      step: step + 1,
      total,
      loss,
      learningRate,
      gradientNorm,
      tokens,
      tokensPerSecond: (1000 * tokensSeen) / (performance.now() - started),
      observed,
    };
  }
}
