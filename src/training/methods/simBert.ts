/**
 * SimBERT: one encoder learns to write a sentence's paraphrase and to tell it from others. Two sentences a, b of each group go
 * through it as `[CLS] a [SEP] b [SEP]` and as `[CLS] b [SEP] a [SEP]` under UniLM's mask, in which `[CLS]` sees the first sentence
 * only: so it is that sentence's vector, and the mirrored row's is its partner.
 *
 * Source: Su Jianlin, "SimBERT", 2020, and its released code (methods §6.1).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleSingle } from "../../nn/assembleInput.ts";
import type { EncoderModel, SpecialTokens } from "../../nn/EncoderModel.ts";
import { sequenceToSequence } from "../../nn/losses/sequenceToSequence.ts";
import { simBertSimilarity } from "../../nn/losses/simBertSimilarity.ts";
import { encodeTokens, firstTokens } from "../../nn/modules/bertEncoder.ts";
import { parameterOf } from "../../nn/modules/EncoderCall.ts";
import { maskedWordLogits } from "../../nn/modules/heads.ts";
import { inCallersOrder } from "../../nn/modules/pooling.ts";
import { linear } from "../../nn/ops/index.ts";
import type { PackedBatch } from "../../nn/PackedBatch.ts";
import {
  embeddingTables,
  encoderSpecs,
  headParameters,
  headSpecs,
  poolerSpecs,
  tableSpecs,
} from "../../nn/parameters.ts";
import { type Ragged, raggedRow } from "../../nn/Ragged.ts";
import { childKey, permutation } from "../../nn/random.ts";
import type { Sequence } from "../../nn/Sequence.ts";
import { tensorNamed } from "../../nn/TensorSpec.ts";
import { sampledUniformity } from "../batchSpread.ts";
import { requireKnownIds } from "../checks.ts";
import { guessedNames, guessedWords } from "../maskedPlaces.ts";
import type { Method } from "../Method.ts";
import type { TrainingOptions } from "../options.ts";
import { optimizerOf } from "../optimizer.ts";
import { encoderSteps, type Extra } from "../prepareEncoderStep.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { withDropout, withHead } from "../startingWeights.ts";
import { TrainingFailure } from "../TrainingFailure.ts";

const name = "train-simbert";

export interface SimBertOptions extends TrainingOptions {
  /** What cosines are multiplied by. */
  readonly scale: number;
}

/** Texts of groups as ids of the model's tokenizer, without special tokens. */
export interface TokenGroups {
  readonly special: SpecialTokens;
  readonly ids: Ragged;
  /** Group of each text, from 0; texts of a group stand together. */
  readonly groups: Int32Array;
}

/** @throws TrainingFailure of reason `invalid` where model, groups and options do not fit */
export function simBert(model: EncoderModel, groups: TokenGroups, options: SimBertOptions, seed: number): Method {
  const members = membersOf(groups);
  requireFit(model, groups, members, options);
  const config = withDropout(model.config, options.dropout);
  const head = [...poolerSpecs(config), ...headSpecs(config, "mlm")];
  const wordTable = tableSpecs(config).filter((table) => table.name === embeddingTables.word);
  const draws = streamKey(seed, name, "draw");
  const sampler = makeSampler({
    rows: members.length,
    batchSize: options.batchSize / 2,
    dropLast: true,
    key: streamKey(seed, name, "shuffle"),
  });
  const steps = encoderSteps({
    key: `${name}|${options.scale}`,
    encoders: [{ config, encoded: "all", seed: streamSeed(seed, name, "dropout") }],
    parameters: [...wordTable, ...encoderSpecs(config), ...head],
    loss: ([call], tensors) => {
      const states = encodeTokens(call); // [tokens, dim]
      const pooler = (kind: "poolerWeight" | "poolerBias") => parameterOf(call, headParameters[kind]);
      const pooled = linear(firstTokens(call, states), pooler("poolerWeight"), pooler("poolerBias"));
      const embeddings = inCallersOrder(call, pooled) as tf.Tensor2D; // [sequences, dim]
      const similarity = simBertSimilarity({ embeddings }, options);
      const writing = sequenceToSequence({
        logits: maskedWordLogits(call, states),
        targets: tensorNamed(tensors, guessedNames.targets) as tf.Tensor1D,
        weights: tensorNamed(tensors, guessedNames.weights) as tf.Tensor1D,
      });
      return { loss: tf.add(similarity, writing), similarity, writing, embeddings };
    },
  });
  return {
    config,
    start: withHead(
      model,
      head,
      streamSeed(seed, name, "head"),
      head.map((parameter) => parameter.name),
    ),
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options),
    // All rows meet in the loss, and what is counted is words of the whole batch: one part whatever its size.
    parts: (step) => {
      const sequences = Array.from(sampler.batch(step), (group, i) => {
        const order = permutation(childKey(childKey(draws, step), i), members[group]!.length);
        return mirrored(groups, members[group]![order[0]!]!, members[group]![order[1]!]!, options.maxTokens);
      }).flat();
      return [
        {
          share: 1,
          prepare: () => {
            const batch = steps.pack(sequences);
            return steps.prepare(step, [batch], nextWords(batch, sequences));
          },
        },
      ];
    },
    observe: ({ similarity, writing }) => ({ similarityLoss: similarity![0]!, writingLoss: writing![0]! }),
    uniformity: ({ embeddings }) => sampledUniformity(embeddings!, embeddings!.length / config.hiddenSize),
  };
}

/** Rows of each group. */
const membersOf = ({ groups }: TokenGroups): ReadonlyArray<ReadonlyArray<number>> => [
  ...Map.groupBy(groups.keys(), (row) => groups[row]!).values(),
];

const invalid = (message: string, hint: string) => new TrainingFailure("invalid", message, hint);

function requireFit(
  { config }: EncoderModel,
  { ids, groups }: TokenGroups,
  members: ReadonlyArray<ReadonlyArray<number>>,
  { batchSize, maxTokens }: SimBertOptions,
): void {
  requireKnownIds(config, ids, "groups");
  if (batchSize % 2 !== 0)
    throw invalid(`batchSize is ${batchSize}, but rows come in twos.`, "Set it to an even number.");
  if (members.length < 2)
    throw invalid(`Port "groups" has ${members.length} group, which has no negative.`, "Link more groups.");
  const single = members.findIndex((rows) => rows.length < 2);
  if (single >= 0)
    throw invalid(`Group ${single + 1} on port "groups" has one sentence.`, "Link groups of at least two sentences.");
  const empty = groups.findIndex((_, row) => raggedRow(ids, row).length === 0);
  if (empty >= 0)
    throw invalid(`Sentence ${empty + 1} on port "groups" has no words.`, "Take it out: there is nothing to write.");
  const longest = 2 * maxTokens - 1;
  if (longest > config.maxPositions)
    throw invalid(
      `Two sentences of maxTokens ${maxTokens} are up to ${longest} tokens, but the model has positions for ${config.maxPositions} only.`,
      `Set maxTokens to ${Math.floor((config.maxPositions + 1) / 2)} or less.`,
    );
}

/** `[CLS] a [SEP] b [SEP]` and `[CLS] b [SEP] a [SEP]`. */
function mirrored({ ids, special }: TokenGroups, a: number, b: number, maxTokens: number): ReadonlyArray<Sequence> {
  const [one, other] = [a, b].map((row) => assembleSingle(raggedRow(ids, row), special, maxTokens).ids) as [
    Int32Array,
    Int32Array,
  ];
  return [joined(one, other), joined(other, one)];
}

/** The second text without its `[CLS]`, as segment 1. */
function joined(source: Int32Array, target: Int32Array): Sequence {
  const ids = Int32Array.from([...source, ...target.subarray(1)]);
  return { ids, types: new Int32Array(ids.length).fill(1, source.length), visible: "by-segment" };
}

/** Words of segment 1 with the places before them, which guess them. */
function nextWords(batch: PackedBatch, sequences: ReadonlyArray<Sequence>): Extra {
  const rows = sequences.map(({ types }) => ({
    positions: Array.from(types!.keys()).filter((position) => types![position + 1] === 1),
  }));
  return guessedWords(batch, rows, 0.5, (row, position) => sequences[row]!.ids[position + 1]!);
}
