/**
 * What an optimizer is to the one function that applies them (`updateParameters`): the arrays it remembers of a parameter, and
 * what it does to a stretch of values. One file of this folder is one rule.
 *
 * Arithmetic is float64, rounded to float32 when stored: the same on every machine.
 */

/** An array of a parameter's layout that an optimizer keeps: means of gradients and of their squares, Adam's; RMSprop's; momentum. */
export type Slot = "first" | "second" | "square" | "velocity";

/** What is known of an update of one parameter. */
export interface UpdateFacts {
  /** Of this update, from 1. */
  readonly step: number;
  /** Of this update, schedule applied. */
  readonly learningRate: number;
  /** From clipping; 1 leaves gradients as they are. */
  readonly gradientScale: number;
  /** Of this parameter: 0 where it does not decay. */
  readonly weightDecay: number;
}

export interface SpanUpdate {
  /** Updates `values[at ..]` and the slots there by `gradient[from ..]`, `length` numbers. */
  readonly span: (
    values: Float32Array,
    gradient: Float32Array,
    slots: ReadonlyArray<Float32Array>,
    at: number,
    from: number,
    length: number,
  ) => void;
  /** What a row of a table without gradient gets that never had one, as `span` would with zeros. Absent: it stays as it is. */
  readonly untouched?: (values: Float32Array, slots: ReadonlyArray<Float32Array>, at: number, length: number) => void;
}

export interface UpdateRule<Options> {
  /** In the order that `span` takes them. */
  readonly slots: (options: Options) => ReadonlyArray<Slot>;
  readonly update: (options: Options, facts: UpdateFacts) => SpanUpdate;
}

/** What every optimizer is told of the decay of weights. */
export interface DecayOptions {
  /** From 0 on; what it multiplies is the rule's affair. */
  readonly weightDecay: number;
  readonly decays: (name: string) => boolean;
}

/**
 * A decay that is a part of the gradient leaves no row alone: where there is one, rows without gradient are updated by zeros.
 */
export function withDecayedRows(span: SpanUpdate["span"], weightDecay: number): SpanUpdate {
  if (weightDecay === 0) return { span };
  let zeros = new Float32Array(0);
  return {
    span,
    untouched: (values, slots, at, length) => {
      if (zeros.length < length) zeros = new Float32Array(length);
      span(values, zeros, slots, at, 0, length);
    },
  };
}
