/**
 * A training as a checkpoint and back: its state, the curve so far, since the curve is an output too, and what its guards
 * suspect, so that they end a resumed training at the update where they end one that was never stopped. What is read has to fit the training in every size; what does not is no checkpoint of it.
 */
import type { Checkpoint, CheckpointTensor } from "../core/Checkpoints.ts";
import type { Moments } from "../nn/optim/adamW.ts";
import type { Weights } from "../nn/Weights.ts";
import type { Doubts } from "./guards.ts";
import type { Standing } from "./trainingState.ts";

/** Raised when the meaning of what is stored changes: older checkpoints are then passed over. */
const format = 1;

/** Shares the state's arrays: store it before the next update. @param total updates of the whole training */
export function toCheckpoint({ state, curve, doubts }: Standing, total: number): Checkpoint {
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, values] of state.parameters) tensors.set(`parameter/${name}`, values);
  for (const [name, { first, second, touched }] of state.optimizer.moments) {
    tensors.set(`first/${name}`, first);
    tensors.set(`second/${name}`, second);
    if (touched !== undefined) tensors.set(`touched/${name}`, touched);
  }
  tensors.set("step", curve.step);
  for (const [name, values] of Object.entries(curve.series)) tensors.set(`series/${name}`, values);
  return {
    done: state.step,
    facts: { format, total, optimizerStep: state.optimizer.step, doubts: { ...doubts } },
    tensors,
  };
}

/** Undefined where it does not fit a training that starts from `start` and has `total` updates. */
export function fromCheckpoint(checkpoint: Checkpoint, start: Weights, total: number): Standing | undefined {
  const { done, facts, tensors } = checkpoint;
  const parameters = floatsUnder(tensors, "parameter/");
  const series = floatsUnder(tensors, "series/");
  const [step, optimizerStep] = [tensors.get("step"), facts["optimizerStep"]];
  const moments = readMoments(tensors);
  const fits =
    facts["format"] === format &&
    facts["total"] === total &&
    done <= total &&
    typeof optimizerStep === "number" &&
    parameters.size === start.size &&
    [...start].every(([name, { values }]) => parameters.get(name)?.length === values.length) &&
    [...moments].every(([name, { first, second }]) => isLikeParameter(parameters.get(name), first, second)) &&
    step instanceof Int32Array &&
    [step, ...series.values()].every(({ length }) => length === done);
  if (!fits) return undefined;
  return {
    state: { step: done, parameters, optimizer: { step: optimizerStep, moments } },
    curve: { step, series: Object.fromEntries(series) },
    // Absent from checkpoints of before there were doubts. Cast: written above, and what is read fits its digest.
    doubts: (facts["doubts"] ?? {}) as Doubts,
  };
}

const isLikeParameter = (values: Float32Array | undefined, ...moments: ReadonlyArray<unknown>): boolean =>
  moments.every((moment) => moment instanceof Float32Array && moment.length === values?.length);

function floatsUnder(tensors: Checkpoint["tensors"], prefix: string): Map<string, Float32Array> {
  const found = new Map<string, Float32Array>();
  for (const [name, values] of tensors)
    if (name.startsWith(prefix) && values instanceof Float32Array) found.set(name.slice(prefix.length), values);
  return found;
}

function readMoments(tensors: Checkpoint["tensors"]): Map<string, Moments> {
  const moments = new Map<string, Moments>();
  for (const [name, first] of floatsUnder(tensors, "first/")) {
    const second = tensors.get(`second/${name}`) as Float32Array;
    const touched = tensors.get(`touched/${name}`);
    moments.set(name, { first, second, ...(touched instanceof Uint8Array ? { touched } : {}) });
  }
  return moments;
}
