/** One training step written twice: as stages compute it, in any layout, and in the plain formulation; and what counts as equal. */
import * as tf from "@tensorflow/tfjs-core";
import { assert } from "vitest";
import type { EngineShape } from "../../src/engine/Engine.ts";
import type { ModelConfig, Pooling } from "../../src/nn/EncoderModel.ts";
import { embedSequences, encodedRowsOf } from "../../src/nn/modules/pooling.ts";
import { packBatch, type Sequence } from "../../src/nn/PackedBatch.ts";
import { defaultLayoutPolicy, type LayoutPolicy, paddedLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { encoderSpecs, parameterSpecs } from "../../src/nn/parameters.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { encoderSteps } from "../../src/training/prepareEncoderStep.ts";
import { numbers, relativeError } from "./engineRig.ts";
import { runPlain } from "./plainEncoder.ts";
import { type StepGradients, stepGradients } from "./stepGradients.ts";
import { tinyConfig, tinyWeights } from "./tinyEncoder.ts";

const few = { lengthMultiple: 4, minGroupRows: 3, minTokenStep: 4 };
/** Padded or packed, whole or in groups of like length. */
export const layouts: { readonly [name: string]: LayoutPolicy } = {
  padded: paddedLayoutPolicy,
  "padded in groups": { ...paddedLayoutPolicy, maxGroups: 3, minGroupRows: 3 },
  packed: { ...few, maxGroups: 1 },
  "packed in groups": { ...few, maxGroups: 3 },
  "as by default": defaultLayoutPolicy,
};

/** Sums run over other numbers of terms in another order. A key's bias has a true gradient of 0; what is there is rounding. */
export function assertSameStep(found: StepGradients, expected: StepGradients, what: string): void {
  assert.approximately(found.loss, expected.loss, 2e-6 * Math.abs(expected.loss), what);
  assert.sameMembers([...found.gradients.keys()], [...expected.gradients.keys()]);
  const whole = Math.hypot(...Array.from(expected.gradients.values(), (values) => Math.hypot(...values)));
  for (const [name, gradient] of expected.gradients) {
    const found1 = found.gradients.get(name)!;
    if (name.endsWith("key.bias")) assert.isBelow(Math.hypot(...found1), 1e-6 * whole, `${what}: ${name}`);
    else assert.isBelow(relativeError(found1, gradient, 0), 5e-6, `${what}: ${name}`);
  }
}

/** Embeddings of a tiny encoder, dropout on, and a loss in which each of their elements counts differently. */
export interface EmbeddingStep {
  readonly sequences: ReadonlyArray<Sequence>;
  readonly pooling: Pooling;
  readonly config?: ModelConfig;
}

const counter = { seed: 3, step: 4 };

const weighedSum = (result: tf.Tensor): tf.Scalar =>
  tf.sum(tf.mul(tf.tanh(result), tf.tensor(numbers(result.size, 9), result.shape)));

const weightsOf = (config: ModelConfig): Weights => {
  const all = tinyWeights(config);
  return new Map(parameterSpecs(config).map(({ name }) => [name, all.get(name)!]));
};

export const embedPlainly = (
  engine: EngineShape,
  { sequences, pooling, config = tinyConfig }: EmbeddingStep,
): Promise<StepGradients> =>
  runPlain(engine, { config, weights: weightsOf(config), sequences, counter, result: pooling, loss: weighedSum });

export function embedInLayout(
  engine: EngineShape,
  { sequences, pooling, config = tinyConfig }: EmbeddingStep,
  policy: LayoutPolicy,
): Promise<StepGradients> {
  const steps = encoderSteps({
    key: `embeddings ${JSON.stringify(pooling)}`,
    encoders: [{ config, encoded: encodedRowsOf(pooling), seed: counter.seed }],
    parameters: encoderSpecs(config),
    loss: ([call]) => ({ loss: weighedSum(embedSequences(call, pooling)) }),
  });
  const prepared = steps.prepare(counter.step, [packBatch(sequences, { policy })], { inputs: [], feeds: {} });
  return stepGradients(prepared, weightsOf(config), engine);
}
