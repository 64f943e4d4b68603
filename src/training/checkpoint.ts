/**
 * A training as a checkpoint and back: its state, the curve so far, since the curve is an output too, and what its guards
 * suspect, so that they end a resumed training at the update where they end one that was never stopped. What is read has to fit the training in every size; what does not is no checkpoint of it.
 */
import type { Checkpoint, CheckpointTensor } from "../core/Checkpoints.ts";
import type { Memory } from "../nn/optim/Optimizer.ts";
import type { Slot } from "../nn/optim/UpdateRule.ts";
import type { Weights } from "../nn/Weights.ts";
import type { Doubts } from "./guards.ts";
import type { Standing } from "./trainingState.ts";

/** Raised when the meaning of what is stored changes: older checkpoints are then passed over. */
const format = 1;

/** AdamW's: those of checkpoints that name none, so that such trainings go on from older ones, and older programs from theirs. */
const unnamedSlots: ReadonlyArray<Slot> = ["first", "second"];

/** Shares the state's arrays: store it before the next update. @param total updates of the whole training */
export function toCheckpoint({ state, curve, doubts, best }: Standing, total: number): Checkpoint {
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, values] of state.parameters) tensors.set(`parameter/${name}`, values);
  const slots = slotsIn(state.optimizer.memory);
  for (const [name, { slots, touched }] of state.optimizer.memory) {
    for (const [slot, values] of slots) tensors.set(`${slot}/${name}`, values);
    if (touched !== undefined) tensors.set(`touched/${name}`, touched);
  }
  for (const [name, values] of best?.parameters ?? []) tensors.set(`best/${name}`, values);
  tensors.set("step", curve.step);
  for (const [name, values] of Object.entries(curve.series)) tensors.set(`series/${name}`, values);
  return {
    done: state.step,
    facts: {
      format,
      total,
      optimizerStep: state.optimizer.step,
      ...(slots.join() === unnamedSlots.join() ? {} : { slots }),
      doubts: { ...doubts },
      ...(best === undefined ? {} : { best: { step: best.step, score: best.score } }),
    },
    tensors,
  };
}

/** Undefined where it does not fit a training that starts from `start` and has `total` updates. */
export function fromCheckpoint(checkpoint: Checkpoint, start: Weights, total: number): Standing | undefined {
  const { done, facts, tensors } = checkpoint;
  const parameters = floatsUnder(tensors, "parameter/");
  const series = floatsUnder(tensors, "series/");
  const best = floatsUnder(tensors, "best/");
  const [step, optimizerStep] = [tensors.get("step"), facts["optimizerStep"]];
  // Cast: written below, and what is read fits its digest.
  const memory = readMemory(tensors, (facts["slots"] ?? unnamedSlots) as ReadonlyArray<Slot>);
  const fits =
    facts["format"] === format &&
    facts["total"] === total &&
    done <= total &&
    typeof optimizerStep === "number" &&
    isLike(parameters, start) &&
    (facts["best"] === undefined ? best.size === 0 : isLike(best, start)) &&
    [...memory].every(([name, { slots }]) => isLikeParameter(parameters.get(name), slots.values())) &&
    step instanceof Int32Array &&
    [step, ...series.values()].every(({ length }) => length === done);
  if (!fits) return undefined;
  return {
    state: { step: done, parameters, optimizer: { step: optimizerStep, memory } },
    curve: { step, series: Object.fromEntries(series) },
    // Absent from checkpoints of before there were doubts. Cast: written above, and what is read fits its digest.
    doubts: (facts["doubts"] ?? {}) as Doubts,
    ...(facts["best"] === undefined
      ? {}
      : { best: { ...(facts["best"] as { step: number; score: number }), parameters: best } }),
  };
}

const isLike = (parameters: ReadonlyMap<string, Float32Array>, start: Weights): boolean =>
  parameters.size === start.size &&
  [...start].every(([name, { values }]) => parameters.get(name)?.length === values.length);

/** Of all parameters alike; none where nothing is remembered. */
const slotsIn = (memory: ReadonlyMap<string, Memory>): ReadonlyArray<Slot> => {
  const [first] = memory.values();
  return first === undefined ? unnamedSlots : [...first.slots.keys()];
};

const isLikeParameter = (values: Float32Array | undefined, slots: Iterable<unknown>): boolean =>
  [...slots].every((slot) => slot instanceof Float32Array && slot.length === values?.length);

function floatsUnder(tensors: Checkpoint["tensors"], prefix: string): Map<string, Float32Array> {
  const found = new Map<string, Float32Array>();
  for (const [name, values] of tensors)
    if (name.startsWith(prefix) && values instanceof Float32Array) found.set(name.slice(prefix.length), values);
  return found;
}

/** Of every parameter that has the first slot. A slot that is missing is undefined, which fits no parameter. */
function readMemory(tensors: Checkpoint["tensors"], slots: ReadonlyArray<Slot>): Map<string, Memory> {
  const memory = new Map<string, Memory>();
  const named = slots[0] === undefined ? [] : floatsUnder(tensors, `${slots[0]}/`).keys();
  for (const name of named) {
    const touched = tensors.get(`touched/${name}`);
    memory.set(name, {
      slots: new Map(slots.map((slot) => [slot, tensors.get(`${slot}/${name}`) as Float32Array])),
      ...(touched instanceof Uint8Array ? { touched } : {}),
    });
  }
  return memory;
}
