/**
 * Loss and gradients of an update's batch. A batch that is too large for memory comes in parts, one at a time, and what they
 * give is added up (gradient accumulation): to rounding, the update is that of the whole batch.
 */
import type { EngineShape, Feeds } from "../engine/Engine.ts";
import { gradientName } from "../engine/withGradients.ts";
import { embeddingRows, weightValues } from "../nn/embeddingRows.ts";
import type { Gradients } from "../nn/optim/Gradient.ts";
import { embeddingsName } from "../nn/PackedBatch.ts";
import { type CachedOutputs, cachedGradients, type Runner } from "./cachedGradients.ts";
import { GradientSum } from "./GradientSum.ts";
import type { Method, Numbers, Outputs, ReadyProgram, StepPart } from "./Method.ts";
import { parameterGradients } from "./parameterGradients.ts";
import type { TrainingState } from "./trainingState.ts";

export interface BatchGradients {
  readonly loss: number;
  readonly gradients: Gradients;
  readonly observed: Numbers;
  /** Real tokens. */
  readonly tokens: number;
  /** How spread out the embeddings of the batch (of its last part) are, computed when it is asked for. */
  readonly uniformity: () => number | undefined;
}

/** Makes the function that computes the update of an index, from 0. What it gives holds until the next call. */
export function batchGradients(
  method: Method,
  engine: EngineShape,
  state: TrainingState,
): (step: number) => Promise<BatchGradients> {
  const buffers = new Map<string, Float32Array>();
  // Trained in place, so these are the values of every update.
  const values = new Map([...state.parameters, ...weightValues(method.frozen ?? new Map())]);
  const sum = new GradientSum();
  const run = async (ready: ReadyProgram, more: Feeds = {}): Promise<Outputs> => {
    const executable = await engine.compile(ready.program);
    return executable.run({ ...feedsOf(ready, values), ...more }, buffersFor(ready, state, buffers));
  };
  return async (step) => {
    const parts = method.parts(step);
    const observed: { [name: string]: number } = {};
    let loss = 0;
    let tokens = 0;
    let uniformity: BatchGradients["uniformity"] = unknown;
    for (const part of parts) {
      const factor = part.share * (part.weight ?? 1);
      const isAll = parts.length === 1 && factor === 1 && "prepare" in part;
      const add = (from: ReadyProgram, outputs: Outputs) => {
        const gradients = parameterGradients(state.parameters, from, outputs);
        if (isAll) sum.setAll(gradients);
        else sum.add(gradients, factor);
      };
      const seen =
        "prepare" in part ? await wholeGradients(part, { run, add }) : await cachedGradients(part, { run, add });
      loss += factor * seen.outputs["loss"]![0]!;
      tokens += seen.tokens;
      uniformity = () => method.uniformity?.(seen.outputs, seen.step);
      addObserved(observed, method.observe?.(seen.outputs, seen.step) ?? {}, part.share);
    }
    return { loss, gradients: sum.take(state.parameters.keys()), observed, tokens, uniformity };
  };
}

async function wholeGradients({ before, prepare }: StepPart, { run, add }: Runner): Promise<CachedOutputs> {
  const step = prepare(before === undefined ? {} : await run(before()));
  const outputs = await run(step);
  add(step, outputs);
  return { outputs, step, tokens: step.encodings.reduce((sum, { batch }) => sum + batch.realTokens, 0) };
}

function addObserved(sums: { [name: string]: number }, values: Numbers, share: number): void {
  for (const [name, value] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + share * value;
}

/** All that a prepared step's program takes. @param values of every parameter, by name */
export function feedsOf(
  { parameters, encodings, feeds }: ReadyProgram,
  values: ReadonlyMap<string, Float32Array>,
): Feeds {
  const rows = encodings.map(({ config, batch, inputs, parameters: prefix }) => [
    embeddingsName(inputs),
    embeddingRows(values, batch, config, prefix),
  ]);
  return {
    ...Object.fromEntries(parameters.map((name) => [name, values.get(name)!])),
    ...feeds,
    ...Object.fromEntries(rows),
  };
}

/** Where gradients are written: allocated once, since parameters keep their sizes. */
function buffersFor(
  { parameters }: ReadyProgram,
  state: TrainingState,
  buffers: Map<string, Float32Array>,
): { readonly [name: string]: Float32Array } {
  const trained = parameters.filter((name) => state.parameters.has(name));
  for (const name of trained)
    if (!buffers.has(name)) buffers.set(name, new Float32Array(state.parameters.get(name)!.length));
  return Object.fromEntries(trained.map((name) => [gradientName(name), buffers.get(name)!]));
}

const unknown = (): undefined => undefined;
