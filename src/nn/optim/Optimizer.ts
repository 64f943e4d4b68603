/**
 * The optimizer of a training: one of the rules of this folder with its options, what it remembers, and the one function that
 * updates parameters. Gradients are dense or rows of a table; either way the numbers are those of dense ones.
 */
import { adam, type AdamOptions } from "./adam.ts";
import { adamW, type AdamWOptions } from "./adamW.ts";
import type { Gradient, Gradients, RowGradient } from "./Gradient.ts";
import { rmsProp, type RmsPropOptions } from "./rmsProp.ts";
import { sgd, type SgdOptions } from "./sgd.ts";
import type { Slot, SpanUpdate, UpdateFacts } from "./UpdateRule.ts";

export type OptimizerOptions = AdamWOptions | AdamOptions | RmsPropOptions | SgdOptions;

/** What is remembered of one parameter. */
export interface Memory {
  /** Each in the parameter's layout, zero at first. */
  readonly slots: ReadonlyMap<Slot, Float32Array>;
  /** Of a table with row gradients: 1 for rows that ever had one. */
  readonly touched?: Uint8Array;
}

/** All that an optimizer remembers: plain numbers, to be stored and put back as they are. */
export interface OptimizerState {
  /** Updates done. */
  step: number;
  /** Parameter's name → what is remembered of it. */
  readonly memory: Map<string, Memory>;
}

export const initialOptimizerState = (): OptimizerState => ({ step: 0, memory: new Map() });

/**
 * One update of every parameter that has a gradient.
 *
 * @param parameters name → values, changed in place
 * @param gradients a dense one in the parameter's layout, or rows of it: rows without gradient get exactly what a dense
 *   update with zeros would give them
 * @param learningRate of this update, schedule applied
 * @param gradientScale from clipping; 1 leaves gradients as they are
 */
export function updateParameters(
  parameters: ReadonlyMap<string, Float32Array>,
  gradients: Gradients,
  state: OptimizerState,
  options: OptimizerOptions,
  learningRate: number,
  gradientScale = 1,
): void {
  const step = ++state.step;
  const slots = slotsOf(options);
  for (const [name, gradient] of gradients) {
    const weightDecay = options.decays(name) ? options.weightDecay : 0;
    const update = updateOf(options, { step, learningRate, gradientScale, weightDecay });
    const values = parameters.get(name)!;
    const memory = memoryOf(state, name, values.length, gradient, slots);
    if (gradient instanceof Float32Array)
      update.span(values, gradient, [...memory.slots.values()], 0, 0, values.length);
    else updateRows(values, gradient, memory as Required<Memory>, update);
  }
}

function slotsOf(options: OptimizerOptions): ReadonlyArray<Slot> {
  switch (options.rule) {
    case "adamw":
      return adamW.slots(options);
    case "adam":
      return adam.slots(options);
    case "rmsprop":
      return rmsProp.slots(options);
    case "sgd":
      return sgd.slots(options);
  }
}

function updateOf(options: OptimizerOptions, facts: UpdateFacts): SpanUpdate {
  switch (options.rule) {
    case "adamw":
      return adamW.update(options, facts);
    case "adam":
      return adam.update(options, facts);
    case "rmsprop":
      return rmsProp.update(options, facts);
    case "sgd":
      return sgd.update(options, facts);
  }
}

function memoryOf(
  state: OptimizerState,
  name: string,
  length: number,
  gradient: Gradient,
  slots: ReadonlyArray<Slot>,
): Memory {
  const known = state.memory.get(name);
  if (known !== undefined) return known;
  const arrays = new Map(slots.map((slot) => [slot, new Float32Array(length)]));
  const created = {
    slots: arrays,
    ...(gradient instanceof Float32Array ? {} : { touched: new Uint8Array(gradient.tableRows) }),
  };
  state.memory.set(name, created);
  return created;
}

function updateRows(values: Float32Array, gradient: RowGradient, memory: Required<Memory>, update: SpanUpdate): void {
  const { touched } = memory;
  const slots = [...memory.slots.values()];
  const dim = values.length / touched.length;
  const place = new Int32Array(touched.length).fill(-1);
  for (let i = 0; i < gradient.rows.length; i++) {
    place[gradient.rows[i]!] = i * dim;
    touched[gradient.rows[i]!] = 1;
  }
  const zeros = new Float32Array(dim);
  for (let row = 0; row < touched.length; row++) {
    if (touched[row] === 0) update.untouched?.(values, slots, row * dim, dim);
    else if (place[row]! < 0) update.span(values, zeros, slots, row * dim, 0, dim);
    else update.span(values, gradient.values, slots, row * dim, place[row]!, dim);
  }
}
