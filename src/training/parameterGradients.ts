/** From a program's outputs to the gradient of every parameter, in the parameters' order (which fixes the order of sums). */
import { gradientName } from "../engine/withGradients.ts";
import { addRows, embeddingOccurrences } from "../nn/embeddingRows.ts";
import { type Gradient, type Gradients, type RowGradient, sumRows } from "../nn/optim/Gradient.ts";
import { embeddingsName } from "../nn/PackedBatch.ts";
import { embeddingWidth } from "../nn/parameters.ts";
import type { Outputs, ReadyProgram } from "./Method.ts";

/** Rows of a table that the tokens of one batch looked up, and the gradient of what they got. */
interface LookUp {
  /** [tokens]; -1 for fillers */
  readonly ids: Int32Array;
  /** [tokens, dim] */
  readonly gradient: Float32Array;
  readonly dim: number;
}

/**
 * Looked-up tables get gradients of rows, from that of the embedding rows; a table that several batches look up (encoders
 * that share their weights) gets their sum. A table that is an input as well (the word table as a masked language model's
 * decoder) gets all in one dense gradient. Parameters that the program does not have get none.
 * @param parameters name → values, of what is trained
 */
export function parameterGradients(
  parameters: ReadonlyMap<string, Float32Array>,
  step: Pick<ReadyProgram, "encodings">,
  outputs: Outputs,
): Gradients {
  const lookUps = lookUpsOf(step, outputs);
  const gradients = new Map<string, Gradient>();
  for (const [name, values] of parameters) {
    const dense = outputs[gradientName(name)];
    const ofTable = lookUps.get(name);
    if (ofTable === undefined) {
      if (dense !== undefined) gradients.set(name, dense);
    } else if (dense === undefined) gradients.set(name, rowsOf(ofTable, values.length));
    else {
      for (const { ids, gradient, dim } of ofTable) addRows(dense, ids, gradient, dim);
      gradients.set(name, dense);
    }
  }
  return gradients;
}

/** Table → its look-ups in the order of the encodings; those of frozen encoders have no gradient. */
function lookUpsOf(
  { encodings }: Pick<ReadyProgram, "encodings">,
  outputs: Outputs,
): ReadonlyMap<string, ReadonlyArray<LookUp>> {
  const lookUps = new Map<string, Array<LookUp>>();
  for (const { config, batch, inputs, parameters } of encodings) {
    const gradient = outputs[gradientName(embeddingsName(inputs))];
    if (gradient === undefined) continue;
    for (const [name, ids] of embeddingOccurrences(batch, config, parameters))
      lookUps.set(name, [...(lookUps.get(name) ?? []), { ids, gradient, dim: embeddingWidth(config) }]);
  }
  return lookUps;
}

/** @param size numbers of the whole table */
function rowsOf(lookUps: ReadonlyArray<LookUp>, size: number): RowGradient {
  const [{ ids, gradient, dim }, ...others] = lookUps as readonly [LookUp, ...ReadonlyArray<LookUp>]; // cast: never empty
  if (others.length === 0) return sumRows(ids, gradient, dim, size / dim);
  const all = lookUps.reduce((sum, each) => sum + each.ids.length, 0);
  const joined = { ids: new Int32Array(all), gradient: new Float32Array(all * dim) };
  let from = 0;
  for (const each of lookUps) {
    joined.ids.set(each.ids, from);
    joined.gradient.set(each.gradient, from * dim);
    from += each.ids.length;
  }
  return sumRows(joined.ids, joined.gradient, dim, size / dim);
}
