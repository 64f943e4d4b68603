/** One training step of a MiniLM-shaped SimCSE as our stages do it: masks, embedding rows, forward, backward, AdamW. */
import * as tf from "@tensorflow/tfjs-core";
import type { EngineShape } from "../src/engine/Engine.ts";
import { weightValues } from "../src/nn/embeddingRows.ts";
import type { ModelConfig } from "../src/nn/EncoderModel.ts";
import { infoNce } from "../src/nn/losses/infoNce.ts";
import { embedSequences } from "../src/nn/modules/pooling.ts";
import { adamWDefaults } from "../src/nn/optim/adamW.ts";
import { decayGroups } from "../src/nn/optim/decayGroups.ts";
import { initialOptimizerState, updateParameters } from "../src/nn/optim/Optimizer.ts";
import { encoderSpecs, parameterSpecs } from "../src/nn/parameters.ts";
import { random32, randomKey } from "../src/nn/random.ts";
import { sizeOf } from "../src/nn/TensorSpec.ts";
import { gradientName } from "../src/engine/withGradients.ts";
import { feedsOf } from "../src/training/batchGradients.ts";
import { parameterGradients } from "../src/training/parameterGradients.ts";
import { encoderSteps } from "../src/training/prepareEncoderStep.ts";
import type { Weights } from "../src/nn/Weights.ts";

export const miniLm: ModelConfig = {
  architecture: "bert",
  vocabSize: 30522,
  hiddenSize: 384,
  layers: 6,
  heads: 12,
  intermediateSize: 1536,
  maxPositions: 512,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
};

/** Weights whose values do not matter for speed, made faster than fresh ones: none is denormal, rows differ. */
export function quickWeights(config: ModelConfig): Weights {
  const key = randomKey("bench");
  const noise = Float32Array.from({ length: 65_537 }, (_, i) => (0.035 * random32(key, i)) / 2 ** 31);
  return new Map(
    parameterSpecs(config).map(({ name, shape }) => {
      const values = new Float32Array(sizeOf(shape));
      if (name.endsWith("LayerNorm.weight")) values.fill(1);
      else if (!name.endsWith("bias"))
        for (let from = 0; from < values.length; from += noise.length)
          values.set(noise.subarray(0, values.length - from), from);
      return [name, { shape, values }];
    }),
  );
}

/**
 * Makes a function that does one step and tells how long it took, in milliseconds.
 * @param batch sequences of `tokens` tokens each: both views of half as many
 */
export function trainingRig(batch: number, tokens: number, engine: EngineShape): () => Promise<number> {
  const parameters = weightValues(quickWeights(miniLm));
  const specs = encoderSpecs(miniLm);
  const sequences = Array.from({ length: batch }, (_, row) => ({
    ids: Int32Array.from({ length: tokens }, (_, i) => (i * 7919 + row * 104_729) % miniLm.vocabSize),
  }));
  const steps = encoderSteps({
    key: "bench",
    encoders: [{ config: miniLm, encoded: "first", seed: 1 }],
    parameters: specs,
    loss: ([call]) => {
      const [anchors, positives] = tf.split(embedSequences(call, "cls"), 2, 0) as [tf.Tensor2D, tf.Tensor2D];
      return { loss: infoNce({ anchors, positives }, { temperature: 0.05 }) };
    },
  });
  const into = Object.fromEntries(
    specs.map(({ name, shape }) => [gradientName(name), new Float32Array(sizeOf(shape))]),
  );
  const state = initialOptimizerState();
  const optimizer = { ...adamWDefaults.pytorch, weightDecay: 0.01, decays: decayGroups.weights };
  let done = 0;
  return async () => {
    const started = performance.now();
    const prepared = steps.prepare(done++, [steps.pack(sequences)], { inputs: [], feeds: {} });
    const executable = await engine.compile(prepared.program);
    const outputs = await executable.run(feedsOf(prepared, parameters), into);
    updateParameters(parameters, parameterGradients(parameters, prepared, outputs), state, optimizer, 3e-5);
    return performance.now() - started;
  };
}
