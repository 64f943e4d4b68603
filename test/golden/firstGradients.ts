/** The gradients of a training's first update, dense and by name. */
import type { EngineShape } from "../../src/engine/Engine.ts";
import { embeddingRows } from "../../src/nn/embeddingRows.ts";
import type { Gradient } from "../../src/nn/optim/Gradient.ts";
import { embeddingsName } from "../../src/nn/PackedBatch.ts";
import type { Method } from "../../src/training/Method.ts";
import { parameterGradients } from "../../src/training/parameterGradients.ts";
import { startFrom } from "../../src/training/trainingState.ts";

export async function firstGradients(
  method: Method,
  engine: EngineShape,
): Promise<{ readonly loss: number; readonly gradients: ReadonlyMap<string, Float32Array> }> {
  const { parameters } = startFrom(method.start);
  const { hiddenSize } = method.config;
  const prepared = method.prepare(0);
  const outputs = await (
    await engine.compile(prepared.program)
  ).run({
    ...Object.fromEntries(prepared.parameters.map((name) => [name, parameters.get(name)!])),
    ...prepared.feeds,
    [embeddingsName()]: embeddingRows(parameters, prepared.batch, hiddenSize),
  });
  const gradients = parameterGradients(parameters, prepared, outputs, hiddenSize);
  return {
    loss: outputs["loss"]![0]!,
    gradients: new Map([...gradients].map(([name, gradient]) => [name, dense(gradient, parameters.get(name)!.length)])),
  };
}

function dense(gradient: Gradient, length: number): Float32Array {
  if (gradient instanceof Float32Array) return gradient;
  const all = new Float32Array(length);
  const dim = length / gradient.tableRows;
  gradient.rows.forEach((row, i) => all.set(gradient.values.subarray(i * dim, (i + 1) * dim), row * dim));
  return all;
}
