/**
 * Masked language modelling: the encoder guesses hidden words of bare sentences, through a head (its checkpoint's, where that
 * came with it) that is dropped afterwards and whose decoder is the word table itself.
 *
 * Source: Devlin et al., "BERT", NAACL 2019, without the next-sentence task; masks are drawn anew at each epoch (RoBERTa).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { assembleSingle } from "../../nn/assembleInput.ts";
import type { EncoderModel } from "../../nn/EncoderModel.ts";
import { maskedLanguageModel as maskedLanguageModelLoss } from "../../nn/losses/maskedLanguageModel.ts";
import { maskedWordLogits } from "../../nn/modules/heads.ts";
import { embeddingTables, encoderSpecs, headSpecs, tableSpecs } from "../../nn/parameters.ts";
import { raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { tensorNamed } from "../../nn/TensorSpec.ts";
import { requireKnownIds, requirePositions, requireRows, requireSameTokenizer } from "../checks.ts";
import { maskedPlaces } from "../maskedPlaces.ts";
import { maskKey, type MaskedRow, maskTokens } from "../maskTokens.ts";
import type { Method } from "../Method.ts";
import { inParts } from "../parts.ts";
import type { TrainingOptions } from "../options.ts";
import { optimizerOf } from "../optimizer.ts";
import { encoderSteps, type Extra } from "../prepareEncoderStep.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { withDropout, withHead } from "../startingWeights.ts";
import { TrainingFailure } from "../TrainingFailure.ts";
import type { PackedBatch } from "../../nn/PackedBatch.ts";
import type { SimCseSentences } from "./simCse.ts";

const name = "pretrain-mlm";
const inputs = { targets: "mlm.targets", weights: "mlm.weights" } as const;

export interface MaskedLanguageModelOptions extends TrainingOptions {
  readonly maskRatio: number;
}

/** @throws TrainingFailure of reason `invalid` where model, sentences and options do not fit */
export function maskedLanguageModel(
  model: EncoderModel,
  sentences: SimCseSentences,
  options: MaskedLanguageModelOptions,
  seed: number,
): Method {
  requireSameTokenizer(model, sentences, "sentences");
  requireRows(sentences.ids, 1, "sentences", "sentence");
  requireKnownIds(model.config, sentences.ids, "sentences");
  requirePositions(model.config, options.maxTokens);
  const rows = rowsWithWords(sentences);
  const config = withDropout(model.config, options.dropout);
  const head = headSpecs(config, "mlm");
  const wordTable = tableSpecs(config).filter((table) => table.name === embeddingTables.word);
  const masks = streamKey(seed, name, "mask");
  const sampler = makeSampler({
    rows: rows.length,
    batchSize: options.batchSize,
    dropLast: true,
    key: streamKey(seed, name, "shuffle"),
  });
  const steps = encoderSteps({
    key: name,
    encoders: [{ config, encoded: "all", seed: streamSeed(seed, name, "dropout") }],
    parameters: [...wordTable, ...encoderSpecs(config), ...head],
    loss: ([call], tensors) => ({
      loss: maskedLanguageModelLoss({
        logits: maskedWordLogits(call),
        targets: tensorNamed(tensors, inputs.targets) as tf.Tensor1D,
        weights: tensorNamed(tensors, inputs.weights) as tf.Tensor1D,
      }),
    }),
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
    optimizer: optimizerOf(options, "adamw-transformers"),
    parts: (step) => {
      const whole = Array.from(sampler.batch(step), (row) =>
        assembleSingle(raggedRow(sentences.ids, rows[row]!), sentences.special, options.maxTokens),
      );
      const masked = atLeastOneWord(
        whole.map(({ ids }, example) =>
          maskTokens(ids, sentences.special, config.vocabSize, options.maskRatio, maskKey(masks, step, example)),
        ),
      );
      const prepare = (part: Int32Array) => {
        const rows = Array.from(part, (i) => ({ ...masked[i]!, targets: whole[i]!.ids }));
        const batch = steps.pack(rows);
        return steps.prepare(step, [batch], chosenWords(batch, rows, options.maskRatio), [part]);
      };
      const tokens = whole.map(({ ids }) => ids.length);
      const words = masked.map(({ positions }) => positions.length);
      return inParts(tokens, options.microBatchTokens, prepare, words);
    },
  };
}

/** Sentences without a word have nothing to guess. */
function rowsWithWords({ ids }: SimCseSentences): Int32Array {
  const rows = Int32Array.from({ length: raggedRows(ids) }, (_, row) => row).filter(
    (row) => raggedRow(ids, row).length > 0,
  );
  if (rows.length > 0) return rows;
  throw new TrainingFailure("invalid", 'Every sentence on port "sentences" is empty.', "Link data that is not empty.");
}

/** A tiny batch may draw none; then the first word of its first row is guessed, unmasked. */
const atLeastOneWord = (rows: ReadonlyArray<MaskedRow>): ReadonlyArray<MaskedRow> =>
  rows.some(({ positions }) => positions.length > 0) ? rows : [{ ...rows[0]!, positions: [1] }, ...rows.slice(1)];

/** The words to guess as inputs of the program; what fills their number up has weight 0. */
function chosenWords(
  batch: PackedBatch,
  rows: ReadonlyArray<MaskedRow & { readonly targets: Int32Array }>,
  ratio: number,
): Extra {
  const { chosen, count, ...places } = maskedPlaces(batch, rows, ratio);
  const targets = new Int32Array(count);
  chosen.forEach(({ example, position }, i) => (targets[i] = rows[example]!.targets[position]!));
  return {
    inputs: [
      ...places.inputs,
      { name: inputs.targets, shape: [count], dtype: "int32" },
      { name: inputs.weights, shape: [count], dtype: "float32" },
    ],
    feeds: {
      ...places.feeds,
      [inputs.targets]: targets,
      [inputs.weights]: new Float32Array(count).fill(1, 0, chosen.length),
    },
  };
}
