/**
 * A cross-encoder taught by scores: one logit for a pair, binary cross-entropy (or what the paper compares it with) with the
 * teacher's score as soft label, both orders of each pair.
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022, and its released code (methods §1.3).
 */
import { assemblePair } from "../../nn/assembleInput.ts";
import type { EncoderModel } from "../../nn/EncoderModel.ts";
import { labelEntropy } from "../../nn/losses/softBinaryCrossEntropy.ts";
import { pairOutputs } from "../../nn/modules/heads.ts";
import { encoderSpecs, headParameters, headSpecs } from "../../nn/parameters.ts";
import { raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { tensorNamed } from "../../nn/TensorSpec.ts";
import type * as tf from "@tensorflow/tfjs-core";
import { checkLabels } from "../checks.ts";
import { crossEncoderObjectives } from "../distillationLosses.ts";
import type { Method, ReadyProgram } from "../Method.ts";
import { inParts } from "../parts.ts";
import type { CrossEncoderLoss, TrainingOptions } from "../options.ts";
import { optimizerOf } from "../optimizer.ts";
import { encoderSteps } from "../prepareEncoderStep.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { type PairScores, requireScoredPairs, type ScoredPairs } from "../scoredPairs.ts";
import { withDropout, withHead } from "../startingWeights.ts";

const name = "train-cross-encoder";

/** What is done to cosines before they are labels: nothing, cut to 0 … 1, or (score + 1) / 2. */
export type Labels = "cosine-raw" | "clamp" | "affine";

export interface CrossEncoderOptions extends TrainingOptions {
  /** Default bce. */
  readonly loss?: CrossEncoderLoss;
  readonly labels: Labels;
  /** Each pair is shown as (a, b) and as (b, a). */
  readonly bothOrders: boolean;
}

/** @throws TrainingFailure of reason `invalid` where model, pairs, scores and options do not fit */
export function crossEncoder(
  model: EncoderModel,
  pairs: ScoredPairs,
  scores: PairScores,
  options: CrossEncoderOptions,
  seed: number,
): Method {
  requireScoredPairs(model, pairs, scores, options);
  const config = withDropout(model.config, options.dropout);
  const objective = crossEncoderObjectives[options.loss ?? "bce"];
  const head = headSpecs(config, "cross-encoder", objective.outputs);
  const labels = labelsOf(scores, options.labels);
  const warnings = checkLabels(labels, objective.labels, options.guards?.labels);
  const count = raggedRows(pairs.a);
  const sampler = makeSampler({
    rows: options.bothOrders ? 2 * count : count,
    batchSize: options.batchSize,
    dropLast: false,
    key: streamKey(seed, name, "shuffle"),
  });
  const steps = encoderSteps({
    key: `${name}|${options.loss ?? "bce"}`,
    encoders: [{ config, encoded: "first", headDropout: true, seed: streamSeed(seed, name, "dropout") }],
    parameters: [...encoderSpecs(config), ...head],
    loss: ([call], tensors) => ({
      loss: objective.loss(pairOutputs(call), tensorNamed(tensors, labelsInput) as tf.Tensor1D),
    }),
  });
  return {
    config,
    start: withHead(model, head, streamSeed(seed, name, "head"), [
      headParameters.poolerWeight,
      headParameters.poolerBias,
    ]),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options, "adamw-transformers"),
    parts: (step) => {
      const rows = sampler.batch(step);
      const sequences = Array.from(rows, (row) => {
        const sides = [raggedRow(pairs.a, row % count), raggedRow(pairs.b, row % count)] as const;
        const [first, second] = row < count ? sides : sides.toReversed();
        return assemblePair(first!, second!, pairs.special, options.maxTokens, config.pairForm);
      });
      const tokens = sequences.map(({ ids }) => ids.length);
      return inParts(tokens, options.microBatchTokens, (part) => {
        const batch = steps.pack(Array.from(part, (i) => sequences[i]!));
        const extra = {
          inputs: [{ name: labelsInput, shape: [part.length], dtype: "float32" } as const],
          feeds: { [labelsInput]: Float32Array.from(part, (i) => labels[rows[i]! % count]!) },
        };
        return steps.prepare(step, [batch], extra, [part]);
      });
    },
    warnings,
    ...(objective.endsAtEntropy
      ? { observe: (_: unknown, { feeds }: ReadyProgram) => ({ labelEntropy: labelEntropy(feeds[labelsInput]!) }) }
      : {}),
  };
}

const labelsInput = "labels";

/** Probabilities are labels as they are. */
export function labelsOf(scores: PairScores, labels: Labels): Float32Array {
  if (scores.range === "probability") return scores.values;
  if (labels === "clamp") return scores.values.map((score) => Math.min(1, Math.max(0, score)));
  if (labels === "affine") return scores.values.map((score) => (score + 1) / 2);
  return scores.values;
}
