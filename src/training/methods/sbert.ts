/**
 * Sentence-BERT: one encoder for both sides of a pair (or one for each), taught by labels. Classes of pairs through a classifier on
 * the two embeddings, scores as cosines, or triples by distance. With a gradient penalty on the word embeddings where asked for.
 *
 * Source: Reimers, Gurevych, "Sentence-BERT", EMNLP 2019, section 3; focal loss, the classifier's hidden layer and the penalty from
 * a TensorFlow variant for LCQMC (methods §7).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleFor } from "../../nn/assembleInput.ts";
import { wordsInput } from "../../nn/embeddingRows.ts";
import type { EncoderModel, ModelConfig, Pooling } from "../../nn/EncoderModel.ts";
import { gradientPenalty, type GradientPenaltyOptions } from "../../nn/losses/gradientPenalty.ts";
import { embedSequences, encodedRowsOf } from "../../nn/modules/pooling.ts";
import { defaultBatchPrefix, embeddingsName, type PackedBatch } from "../../nn/PackedBatch.ts";
import { encoderSpecs, initializeWeights, withPrefix } from "../../nn/parameters.ts";
import { paddedLengthOf, poolingText } from "../../nn/pooling.ts";
import { raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { tensorNamed, type TensorSpec } from "../../nn/TensorSpec.ts";
import type { Weights } from "../../nn/Weights.ts";
import { sampledUniformity } from "../batchSpread.ts";
import { requirePaddedLength } from "../checks.ts";
import type { Method } from "../Method.ts";
import { optimizerOf } from "../optimizer.ts";
import type { TrainingOptions } from "../options.ts";
import { inParts } from "../parts.ts";
import { encoderSteps, type Extra, type StepEncoder } from "../prepareEncoderStep.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import type { LabelledTexts } from "../labelledTexts.ts";
import { joinedExtras, objectiveOf } from "../sbertObjectives.ts";
import { encoderWeights, prefixedWeights, withDropout } from "../startingWeights.ts";
import { secondTower } from "../tensionPairs.ts";
import { TrainingFailure } from "../TrainingFailure.ts";

const name = "train-sbert";

/** Before the names of the inputs of the second tower's batch. */
const secondBatch = "second";

export interface SbertOptions extends TrainingOptions {
  readonly pooling: Pooling;
  /** Whether the second sentence of a pair (positives and negatives of a triple) has an encoder of its own. */
  readonly towers: "shared" | "apart";
  /** Left out: none. */
  readonly penalty?: GradientPenaltyOptions;
}

/** @throws TrainingFailure of reason `invalid` where the options do not fit each other */
export function sbert(model: EncoderModel, texts: LabelledTexts, options: SbertOptions, seed: number): Method {
  requirePaddedLength(model.config, options.pooling);
  requirePlainParts(options);
  const config = withDropout(model.config, options.dropout);
  const towers = towersOf(config, encoderWeights(config, model.weights), texts.sides.length, options, seed);
  const objective = objectiveOf(texts, config.hiddenSize, streamSeed(seed, name, "classifier dropout"));
  const { penalty } = options;
  const steps = encoderSteps({
    key: [name, poolingText(options.pooling), objective.key, JSON.stringify(penalty ?? "no penalty")].join("|"),
    encoders: towers.encoders,
    parameters: [...towers.parameters, ...objective.head],
    loss: (calls, tensors) => {
      const build = () => {
        const embeddings = calls.map((call) => embedSequences(call, options.pooling)); // each [its sides · rows, dim]
        const sides = embeddings.flatMap((all, i) => tf.split(all, towers.sides[i]!.length, 0) as Array<tf.Tensor2D>);
        return { ...objective.loss(sides, tensors), sides: embeddings[0]! };
      };
      if (penalty === undefined) return build();
      const tables = calls.map(({ shape, prefix }) => ({
        rows: tensorNamed(tensors, embeddingsName(prefix)) as tf.Tensor2D,
        words: tensorNamed(tensors, wordsInput(shape, prefix).name) as tf.Tensor1D,
      }));
      return gradientPenalty({ build, tables }, penalty);
    },
  });
  const sampler = makeSampler({
    rows: raggedRows(texts.sides[0]!),
    batchSize: options.batchSize,
    dropLast: false,
    key: streamKey(seed, name, "shuffle"),
  });
  return {
    config,
    start: new Map([...towers.start, ...initializeWeights(objective.head, streamSeed(seed, name, "head"))]),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options, "adam"),
    parts: (step) => {
      const rows = sampler.batch(step);
      const sides = texts.sides.map((side) =>
        Array.from(rows, (row) => assembleFor(options.pooling, raggedRow(side, row), texts.special, options.maxTokens)),
      );
      const tokens = Array.from(rows, (_, i) => sides.reduce((sum, side) => sum + side[i]!.ids.length, 0));
      return inParts(tokens, options.microBatchTokens, (part) => {
        const batches = towers.sides.map((mine, tower) =>
          steps.pack(
            mine.flatMap((side) => Array.from(part, (i) => sides[side]![i]!)),
            tower,
          ),
        );
        const examples = towers.sides.map((mine) => mine.flatMap((_, k) => [...part].map((i) => k * rows.length + i)));
        const extra = joinedExtras([objective.extra(step, part, rows), penaltyExtra(batches, penalty)]);
        // Casts: one for each tower, of which there are as many as encoders.
        return steps.prepare(step, batches as [PackedBatch], extra, examples as [Array<number>]);
      });
    },
    warnings: texts.warnings,
    observe: (outputs, prepared) => ({
      ...objective.observe?.(outputs, prepared),
      ...(penalty === undefined ? {} : { penalty: outputs["penalty"]![0]! }),
    }),
    uniformity: ({ sides }) => sampledUniformity(sides!, sides!.length / config.hiddenSize),
  };
}

/** A penalty is the square of a sum over the batch: parts of it do not add up. */
function requirePlainParts({ penalty, microBatchTokens }: SbertOptions): void {
  if (penalty === undefined || microBatchTokens === undefined) return;
  throw new TrainingFailure(
    "invalid",
    "With a gradient penalty a batch cannot be computed in parts, but microBatchTokens is set.",
    "Leave microBatchTokens out and lower batchSize, or set gradientPenalty to 0.",
  );
}

interface Towers {
  readonly encoders: readonly [StepEncoder, ...ReadonlyArray<StepEncoder>];
  /** Of each tower the sides that go through it, in order. */
  readonly sides: ReadonlyArray<ReadonlyArray<number>>;
  readonly parameters: ReadonlyArray<TensorSpec>;
  readonly start: Weights;
}

/** Two start as the same encoder. */
function towersOf(
  config: ModelConfig,
  start: Weights,
  sides: number,
  { pooling, towers }: SbertOptions,
  seed: number,
): Towers {
  const encoded = encodedRowsOf(pooling);
  const first: StepEncoder = {
    config,
    encoded,
    maxLength: paddedLengthOf(pooling),
    // The mean that counts padding is that of a TensorFlow program.
    trainsPadding: true,
    seed: streamSeed(seed, name, "dropout"),
  };
  const all = Array.from({ length: sides }, (_, side) => side);
  const specs = encoderSpecs(config);
  if (towers === "shared") return { encoders: [first], sides: [all], parameters: specs, start };
  const second: StepEncoder = {
    ...first,
    inputs: secondBatch,
    parameters: secondTower,
    seed: streamSeed(seed, name, "second dropout"),
  };
  return {
    encoders: [first, second],
    sides: [all.slice(0, 1), all.slice(1)],
    parameters: [...specs, ...withPrefix(specs, secondTower)],
    start: new Map([...start, ...prefixedWeights(start, secondTower)]),
  };
}

function penaltyExtra(batches: ReadonlyArray<PackedBatch>, penalty: GradientPenaltyOptions | undefined): Extra {
  if (penalty === undefined) return { inputs: [], feeds: {} };
  const specs = batches.map(({ shape }, tower) => wordsInput(shape, tower === 0 ? defaultBatchPrefix : secondBatch));
  return { inputs: specs, feeds: Object.fromEntries(specs.map((spec, i) => [spec.name, batches[i]!.ids])) };
}
