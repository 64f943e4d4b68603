/** The state of a training that did best on its development set. */
import type { EngineShape } from "../engine/Engine.ts";
import type { Weights } from "../nn/Weights.ts";
import type { Development, Method, Numbers } from "./Method.ts";
import type { Schedule } from "./schedule.ts";
import { type Best, captureParameters, type TrainingState, trainedWeights, weightsOf } from "./trainingState.ts";

export interface DevelopmentWatch {
  /** Looks where it is time to. @returns a row for the curve, without numbers where it did not look */
  readonly look: (state: TrainingState) => Promise<Numbers>;
  readonly best: () => Best | undefined;
  /** What the training gives: the best weights where they are kept, otherwise the last ones. */
  readonly weights: (state: TrainingState) => Weights;
}

/** @param past the best of a checkpoint */
export function watchDevelopment(
  { development, start, stepsPerEpoch }: Method,
  engine: EngineShape,
  { totalSteps }: Schedule,
  past: Best | undefined,
): DevelopmentWatch {
  let best = past;
  return {
    look: async (state) => {
      if (development === undefined) return {};
      const { every, series, evaluate } = development;
      const isDue = (state.step % stepsPerEpoch) % every === 0 || state.step === totalSteps;
      if (!isDue) return Object.fromEntries(series.map((name) => [name, Number.NaN]));
      const numbers = await evaluate(trainedWeights(state, start), engine);
      if (isBetter(development, numbers, best))
        best = { step: state.step, score: numbers[development.decisive]!, parameters: captureParameters(state) };
      return numbers;
    },
    best: () => best,
    weights: (state) => (best === undefined ? trainedWeights(state, start) : weightsOf(best.parameters, start)),
  };
}

const isBetter = ({ keepBest, decisive }: Development, numbers: Numbers, best: Best | undefined): boolean =>
  keepBest && (best === undefined || numbers[decisive]! > best.score);
