/** The loss of an update and the gradients of its parameters, dense and by name. */
import type { EngineShape } from "../../src/engine/Engine.ts";
import { weightValues } from "../../src/nn/embeddingRows.ts";
import type { Gradient } from "../../src/nn/optim/Gradient.ts";
import type { PackedBatch } from "../../src/nn/PackedBatch.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { batchGradients, feedsOf } from "../../src/training/batchGradients.ts";
import type { Method, PreparedStep } from "../../src/training/Method.ts";
import { parameterGradients } from "../../src/training/parameterGradients.ts";
import { wholePart } from "./wholeBatch.ts";
import { startFrom } from "../../src/training/trainingState.ts";

export interface StepGradients {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

export async function stepGradients(
  prepared: PreparedStep,
  weights: Weights,
  engine: EngineShape,
  frozen: Weights = new Map(),
): Promise<StepGradients> {
  const parameters = weightValues(weights);
  const executable = await engine.compile(prepared.program);
  const outputs = await executable.run(feedsOf(prepared, new Map([...parameters, ...weightValues(frozen)])));
  const gradients = parameterGradients(parameters, prepared, outputs);
  return {
    loss: outputs["loss"]![0]!,
    gradients: new Map([...gradients].map(([name, gradient]) => [name, dense(gradient, parameters.get(name)!.length)])),
  };
}

/** The batch of an update that is computed in one part, made from what comes before it. */
export async function preparedBatch(method: Method, engine: EngineShape, step = 0): Promise<PreparedStep> {
  const part = wholePart(method, step);
  if (part.before === undefined) return part.prepare({});
  const before = part.before();
  const values = weightValues(new Map([...method.start, ...(method.frozen ?? [])]));
  return part.prepare(await (await engine.compile(before.program)).run(feedsOf(before, values)));
}

/** Of the first update, whatever its parts. */
export async function firstGradients(method: Method, engine: EngineShape): Promise<StepGradients> {
  const state = startFrom(method.start);
  const { loss, gradients } = await batchGradients(method, engine, state)(0);
  const sizeOf = (name: string) => state.parameters.get(name)!.length;
  return {
    loss,
    gradients: new Map([...gradients].map(([name, gradient]) => [name, dense(gradient, sizeOf(name))])),
  };
}

function dense(gradient: Gradient, length: number): Float32Array {
  if (gradient instanceof Float32Array) return gradient;
  const all = new Float32Array(length);
  const dim = length / gradient.tableRows;
  gradient.rows.forEach((row, i) => all.set(gradient.values.subarray(i * dim, (i + 1) * dim), row * dim));
  return all;
}

/** What was packed, in the caller's order. */
export const sequencesOf = (
  batch: PackedBatch,
): ReadonlyArray<{ readonly ids: Int32Array; readonly types: Int32Array }> =>
  Array.from(batch.firstToken, (first, row) => ({
    ids: batch.ids.slice(first, first + batch.lengths[row]!),
    types: batch.types.slice(first, first + batch.lengths[row]!),
  }));
