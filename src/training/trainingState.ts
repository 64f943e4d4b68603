/**
 * All that a training remembers between two updates. The place of the sampler, of the schedule and of every random counter
 * follow from the number of updates done, so a copy of this is a checkpoint: what goes on from it is bit-equal to what never
 * stopped.
 */
import type { Weights } from "../nn/Weights.ts";
import { initialOptimizerState, type Memory, type OptimizerState } from "../nn/optim/Optimizer.ts";
import { type Curve, emptyCurve } from "./curve.ts";
import type { Doubts } from "./guards.ts";

export interface TrainingState {
  /** Updates done. */
  step: number;
  /** Trained in place. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly optimizer: OptimizerState;
}

/** The parameters that did best on a development set so far. */
export interface Best {
  /** Updates done then. */
  readonly step: number;
  readonly score: number;
  readonly parameters: ReadonlyMap<string, Float32Array>;
}

/** Where a training stands between two updates: its state, what it showed so far, what its guards suspect, and its best so far. */
export interface Standing {
  readonly state: TrainingState;
  readonly curve: Curve;
  readonly doubts: Doubts;
  readonly best?: Best | undefined;
}

export const standingAtStart = (weights: Weights): Standing => ({
  state: startFrom(weights),
  curve: emptyCurve,
  doubts: {},
});

/** A state of its own: the weights given stay as they are. */
export function startFrom(weights: Weights): TrainingState {
  const parameters = new Map<string, Float32Array>();
  for (const [name, { values }] of weights) parameters.set(name, values.slice());
  return { step: 0, parameters, optimizer: initialOptimizerState() };
}

/** A copy that later updates leave alone: plain numbers only, ready to be stored. */
export function captureState(state: TrainingState): TrainingState {
  const parameters = captureParameters(state);
  const memory = new Map<string, Memory>();
  for (const [name, { slots, touched }] of state.optimizer.memory)
    memory.set(name, {
      slots: new Map([...slots].map(([slot, values]) => [slot, values.slice()])),
      ...(touched === undefined ? {} : { touched: touched.slice() }),
    });
  return { step: state.step, parameters, optimizer: { step: state.optimizer.step, memory } };
}

export const captureParameters = ({ parameters }: TrainingState): ReadonlyMap<string, Float32Array> =>
  new Map([...parameters].map(([name, values]) => [name, values.slice()]));

/** The weights as trained so far, a copy, in the order and shapes of those the training started from. */
export const trainedWeights = (state: TrainingState, like: Weights): Weights =>
  weightsOf(captureParameters(state), like);

/** @param parameters become the weights' own */
export const weightsOf = (parameters: ReadonlyMap<string, Float32Array>, like: Weights): Weights =>
  new Map([...like].map(([name, { shape }]) => [name, { shape, values: parameters.get(name)! }]));
