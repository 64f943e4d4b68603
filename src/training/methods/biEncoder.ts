/**
 * A bi-encoder taught by scores: the cosine of a pair's embeddings shall be the teacher's score. Both sentences of all pairs
 * of a batch go through the encoder as one batch of 2N rows.
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022, and its released code (methods §1.3).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleFor } from "../../nn/assembleInput.ts";
import type { EncoderModel, Pooling } from "../../nn/EncoderModel.ts";
import { embedSequences, encodedRowsOf } from "../../nn/modules/pooling.ts";
import { encoderSpecs } from "../../nn/parameters.ts";
import { paddedLengthOf, poolingText } from "../../nn/pooling.ts";
import { type Ragged, raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { tensorNamed } from "../../nn/TensorSpec.ts";
import { sampledUniformity } from "../batchSpread.ts";
import { checkLabels, requirePaddedLength } from "../checks.ts";
import { biEncoderObjectives } from "../distillationLosses.ts";
import type { Method } from "../Method.ts";
import { inParts } from "../parts.ts";
import type { BiEncoderLoss, TrainingOptions } from "../options.ts";
import { optimizerOf } from "../optimizer.ts";
import { encoderSteps } from "../prepareEncoderStep.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { type PairScores, requireScoredPairs, type ScoredPairs } from "../scoredPairs.ts";
import { encoderWeights, withDropout } from "../startingWeights.ts";

const name = "train-bi-encoder";
const labelsInput = "labels";

export interface BiEncoderOptions extends TrainingOptions {
  /** Default mse. */
  readonly loss?: BiEncoderLoss;
}

/** @throws TrainingFailure of reason `invalid` where model, pairs, scores and options do not fit */
export function biEncoder(
  model: EncoderModel,
  pairs: ScoredPairs,
  scores: PairScores,
  pooling: Pooling,
  options: BiEncoderOptions,
  seed: number,
): Method {
  requireScoredPairs(model, pairs, scores, options);
  requirePaddedLength(model.config, pooling);
  const loss = options.loss ?? "mse";
  const objective = biEncoderObjectives[loss];
  const warnings = checkLabels(scores.values, objective.labels, options.guards?.labels);
  const config = withDropout(model.config, options.dropout);
  const sampler = makeSampler({
    rows: raggedRows(pairs.a),
    batchSize: options.batchSize,
    dropLast: false,
    key: streamKey(seed, name, "shuffle"),
  });
  const steps = encoderSteps({
    key: `${name}|${poolingText(pooling)}|${loss}`,
    encoders: [
      {
        config,
        maxLength: paddedLengthOf(pooling),
        encoded: encodedRowsOf(pooling),
        seed: streamSeed(seed, name, "dropout"),
      },
    ],
    parameters: encoderSpecs(config),
    loss: ([call], tensors) => {
      const sides = embedSequences(call, pooling); // [2 rows, dim]
      const [left, right] = tf.split(sides, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
      const labels = tensorNamed(tensors, labelsInput) as tf.Tensor1D;
      return { loss: objective.loss(left, right, labels), sides };
    },
  });
  return {
    config,
    start: encoderWeights(config, model.weights),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options, "adamw-transformers"),
    parts: (step) => {
      const rows = sampler.batch(step);
      const assemble = (side: Ragged) =>
        Array.from(rows, (row) => assembleFor(pooling, raggedRow(side, row), pairs.special, options.maxTokens));
      const sides = [assemble(pairs.a), assemble(pairs.b)] as const;
      const tokens = Array.from(rows, (_, i) => sides[0][i]!.ids.length + sides[1][i]!.ids.length);
      return inParts(tokens, options.microBatchTokens, (part) => {
        const batch = steps.pack(sides.flatMap((side) => Array.from(part, (i) => side[i]!)));
        const labels = Float32Array.from(part, (i) => scores.values[rows[i]!]!);
        const extra = {
          inputs: [{ name: labelsInput, shape: [part.length], dtype: "float32" } as const],
          feeds: { [labelsInput]: labels },
        };
        return steps.prepare(step, [batch], extra, [[...part, ...part.map((i) => rows.length + i)]]);
      });
    },
    warnings,
    uniformity: ({ sides }) => sampledUniformity(sides!, sides!.length / config.hiddenSize),
  };
}
