/**
 * Guessing masked words as parts of an update: the loss of `pretrain-mlm`, and a second term beside a contrastive loss. Words
 * are drawn by counters of the step and the row, and guessed through a head whose decoder is the word table itself.
 *
 * Source: Devlin et al., "BERT", NAACL 2019; masks are drawn anew at each update (RoBERTa).
 */
import type * as tf from "@tensorflow/tfjs-core";
import type { EncoderInput } from "../nn/assembleInput.ts";
import type { ModelConfig, SpecialTokens } from "../nn/EncoderModel.ts";
import { maskedLanguageModel } from "../nn/losses/maskedLanguageModel.ts";
import { maskedWordLogits } from "../nn/modules/heads.ts";
import { embeddingTables, encoderSpecs, headSpecs, tableSpecs } from "../nn/parameters.ts";
import type { RandomKey } from "../nn/random.ts";
import { tensorNamed } from "../nn/TensorSpec.ts";
import { guessedNames, guessedWords } from "./maskedPlaces.ts";
import { maskKey, type MaskedRow, maskTokens } from "./maskTokens.ts";
import type { StepPart } from "./Method.ts";
import { inParts } from "./parts.ts";
import { encoderSteps } from "./prepareEncoderStep.ts";

export interface MaskedWords {
  /** Of the programs. */
  readonly key: string;
  readonly config: ModelConfig;
  readonly special: SpecialTokens;
  /** Share of the tokens to guess. */
  readonly maskRatio: number;
  /** Of the masks. */
  readonly masks: RandomKey;
  /** Of dropout. */
  readonly seed: number;
}

/**
 * Makes the parts of an update: the mean cross-entropy of the words guessed.
 * @param whole the rows as they are, at least one with a word @param most tokens that go through the encoder at once; left out, all
 */
export type MakeMaskedParts = (
  step: number,
  whole: ReadonlyArray<EncoderInput>,
  most?: number,
) => ReadonlyArray<StepPart>;

export function maskedWords({ key, config, special, maskRatio, masks, seed }: MaskedWords): MakeMaskedParts {
  const wordTable = tableSpecs(config).filter((table) => table.name === embeddingTables.word);
  const steps = encoderSteps({
    key,
    encoders: [{ config, encoded: "all", seed }],
    parameters: [...wordTable, ...encoderSpecs(config), ...headSpecs(config, "mlm")],
    loss: ([call], tensors) => ({
      loss: maskedLanguageModel({
        logits: maskedWordLogits(call),
        targets: tensorNamed(tensors, guessedNames.targets) as tf.Tensor1D,
        weights: tensorNamed(tensors, guessedNames.weights) as tf.Tensor1D,
      }),
    }),
  });
  return (step, whole, most) => {
    const masked = atLeastOneWord(
      whole.map(({ ids }, example) =>
        maskTokens(ids, special, config.vocabSize, maskRatio, maskKey(masks, step, example)),
      ),
    );
    const prepare = (part: Int32Array) => {
      const rows = Array.from(part, (i) => masked[i]!);
      const wordAt = (row: number, position: number) => whole[part[row]!]!.ids[position]!;
      const batch = steps.pack(rows);
      return steps.prepare(step, [batch], guessedWords(batch, rows, maskRatio, wordAt), [part]);
    };
    const tokens = whole.map(({ ids }) => ids.length);
    return inParts(
      tokens,
      most,
      prepare,
      masked.map(({ positions }) => positions.length),
    );
  };
}

/** A tiny batch may draw none; then the first word there is is guessed, unmasked. */
function atLeastOneWord(rows: ReadonlyArray<MaskedRow>): ReadonlyArray<MaskedRow> {
  if (rows.some(({ positions }) => positions.length > 0)) return rows;
  const first = rows.findIndex(({ ids }) => ids.length > 2);
  return rows.map((row, i) => (i === Math.max(0, first) ? { ...row, positions: [1] } : row));
}
