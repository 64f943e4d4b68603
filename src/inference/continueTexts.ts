/**
 * Writes on from sources: `[CLS] source [SEP]` and what is written so far go through the encoder under UniLM's mask, the head that
 * guesses words says how it goes on, a word is drawn, until `[SEP]`.
 *
 * Texts with the same source and the same words so far are computed once, so that many samples cost little at their beginnings.
 *
 * Source: Dong et al., "UniLM", NeurIPS 2019; Su Jianlin, "SimBERT", 2020 (methods §6.1).
 */
import type { EngineShape } from "../engine/Engine.ts";
import { assembleSingle } from "../nn/assembleInput.ts";
import type { EncoderModel } from "../nn/EncoderModel.ts";
import { maskedPositionFeeds, maskedPositionInputs, maskedWordLogits } from "../nn/modules/heads.ts";
import type { PackedBatch } from "../nn/PackedBatch.ts";
import { embeddingTables, encoderSpecs, headSpecs, tableSpecs } from "../nn/parameters.ts";
import { childKey, type RandomKey, uniformAt } from "../nn/random.ts";
import type { Sequence } from "../nn/Sequence.ts";
import { type Head, type InferenceOptions, runInBatches } from "./batchRunner.ts";
import { choicesOf, drawWord, type Sampling } from "./drawWord.ts";

export interface WritingOptions extends Sampling {
  /** Texts written for each source. */
  readonly samples: number;
  /** Longest source and longest text in tokens, special ones included. */
  readonly maxTokens: number;
}

/** Whether the model has the head that writes. */
export const canWrite = ({ config, weights }: EncoderModel): boolean =>
  headSpecs(config, "mlm").every(({ name }) => weights.has(name));

/**
 * @param sources ids without special tokens
 * @param key draws of source s and sample i depend on these numbers and the place in the text alone
 * @returns for each source its samples, ids without special tokens; some may be empty or equal
 * @throws InferenceInterrupted when `options.isInterrupted` says so between two batches
 */
export async function continueTexts(
  model: EncoderModel,
  sources: ReadonlyArray<ArrayLike<number>>,
  engine: EngineShape,
  { samples, maxTokens, ...sampling }: WritingOptions,
  key: RandomKey,
  options: InferenceOptions = {},
): Promise<ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>> {
  const { special } = model;
  const starts = sources.map((source) => assembleSingle(source, special, maxTokens).ids);
  const texts = starts.map((start, source) =>
    Array.from({ length: samples }, (_, sample) => ({
      start,
      key: childKey(childKey(key, source), sample),
      words: [] as Array<number>,
      isDone: false,
    })),
  );
  const all = texts.flat();
  const longest = maxTokens - 2;
  for (let position = 0; position < longest; position++) {
    const open = all.filter(({ isDone }) => !isDone);
    if (open.length === 0) break;
    const byState = Map.groupBy(open, ({ start, words }) => `${start.join()}|${words.join()}`);
    const states = [...byState.values()];
    const asked = options.isInterrupted === undefined ? {} : { isInterrupted: options.isInterrupted };
    const logits = await runInBatches(
      model,
      nextWordHead(model),
      states.map(([text]) => sequenceOf(text!)),
      engine,
      asked,
    );
    const width = model.config.vocabSize;
    states.forEach((same, row) => {
      const choices = choicesOf(logits.subarray(row * width, (row + 1) * width), sampling);
      for (const text of same) {
        const id = drawWord(choices, uniformAt(text.key, position));
        if (id === special.sep) text.isDone = true;
        else text.words.push(id);
      }
    });
    options.onProgress?.(position + 1, longest);
  }
  return texts.map((ofSource) => ofSource.map(({ words }) => words));
}

/** Source and words so far, those in segment 1. */
function sequenceOf({ start, words }: { readonly start: Int32Array; readonly words: ReadonlyArray<number> }): Sequence {
  const ids = Int32Array.from([...start, ...words]);
  return { ids, types: new Int32Array(ids.length).fill(1, start.length), visible: "by-segment" };
}

/** Logits of the word that follows each sequence. */
function nextWordHead({ config }: EncoderModel): Head {
  const wordTable = tableSpecs(config).filter(({ name }) => name === embeddingTables.word);
  return {
    key: "next word",
    parameters: [...wordTable, ...encoderSpecs(config), ...headSpecs(config, "mlm")],
    width: config.vocabSize,
    maxLength: config.maxPositions,
    inputs: (batch) => ({
      specs: maskedPositionInputs(batch.shape, batch.shape.sequences),
      feeds: maskedPositionFeeds(batch, lastTokens(batch), batch.shape.sequences),
    }),
    build: (call) => maskedWordLogits(call),
  };
}

const lastTokens = ({ lengths }: PackedBatch) =>
  Array.from(lengths, (length, example) => ({ example, position: length - 1 }));
