/**
 * The one training loop: prepare, run, check, clip, update, tell. It is an iterator of what each update showed, so whoever
 * drives it may stop after any of them, look at the state, or take a copy of it.
 *
 * The next batch is packed and its dropout masks are drawn before the running one is awaited, so that an engine which
 * computes aside hides that work; only the embedding rows wait for the update, since they are parameters.
 */
import type { EngineShape, Feeds } from "../engine/Engine.ts";
import { gradientName } from "../engine/withGradients.ts";
import { embeddingRows } from "../nn/embeddingRows.ts";
import { adamW } from "../nn/optim/adamW.ts";
import { clipCoefficient, globalNorm } from "../nn/optim/clipByGlobalNorm.ts";
import { linearSchedule } from "../nn/optim/linearSchedule.ts";
import { embeddingsName } from "../nn/PackedBatch.ts";
import type { UpdateNumbers } from "./guards.ts";
import type { Method, Numbers, PreparedStep } from "./Method.ts";
import { parameterGradients } from "./parameterGradients.ts";
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
  const gradientBuffers = new Map<string, Float32Array>();
  const started = performance.now();
  let tokensSeen = 0;
  let next = state.step < total ? method.prepare(state.step) : undefined;
  while (next !== undefined) {
    const prepared: PreparedStep = next;
    const { step } = state;
    const executable = await engine.compile(prepared.program);
    const running = executable.run(
      feedsOf(prepared, state, method.config.hiddenSize),
      buffersFor(prepared, state, gradientBuffers),
    );
    next = step + 1 < total ? method.prepare(step + 1) : undefined;
    const outputs = await running;

    const loss = outputs["loss"]![0]!;
    const gradients = parameterGradients(state.parameters, prepared, outputs, method.config.hiddenSize);
    const gradientNorm = globalNorm(gradients);
    look({ step: step + 1, loss, gradientNorm, uniformity: () => method.uniformity?.(outputs, prepared) });
    const learningRate = schedule.learningRate * linearSchedule(step, schedule.warmupSteps, total);
    const scale = clipCoefficient(gradientNorm, maxGradientNorm);
    adamW(state.parameters, gradients, state.optimizer, method.optimizer, learningRate, scale);
    state.step = step + 1;

    tokensSeen += prepared.batch.realTokens;
    yield {
      step: step + 1,
      total,
      loss,
      learningRate,
      gradientNorm,
      tokens: prepared.batch.realTokens,
      tokensPerSecond: (1000 * tokensSeen) / (performance.now() - started),
      observed: method.observe?.(outputs, prepared) ?? {},
    };
  }
}

function feedsOf({ parameters, batch, feeds }: PreparedStep, state: TrainingState, dim: number): Feeds {
  const values = Object.fromEntries(parameters.map((name) => [name, state.parameters.get(name)!]));
  return { ...values, ...feeds, [embeddingsName()]: embeddingRows(state.parameters, batch, dim) };
}

/** Where gradients are written: allocated once, since parameters keep their sizes. */
function buffersFor(
  { parameters }: PreparedStep,
  state: TrainingState,
  buffers: Map<string, Float32Array>,
): { readonly [name: string]: Float32Array } {
  for (const name of parameters)
    if (!buffers.has(name)) buffers.set(name, new Float32Array(state.parameters.get(name)!.length));
  return Object.fromEntries(parameters.map((name) => [gradientName(name), buffers.get(name)!]));
}
