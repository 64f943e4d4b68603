/**
 * Sentences in which a frozen model, the generator, exchanged words: some are hidden from it, it says what could stand there, and
 * what it says takes the place of the sentence.
 *
 * Source: Chuang et al., "DiffCSE", NAACL 2022, and its released code (methods §5.1).
 */
import type { EncoderModel, ModelConfig, SpecialTokens } from "../nn/EncoderModel.ts";
import { likeliestWords, maskedWordLogits } from "../nn/modules/heads.ts";
import type { PackedBatch, Sequence } from "../nn/PackedBatch.ts";
import { embeddingTables, encoderSpecs, headSpecs, parameterSpecs, tableSpecs, withPrefix } from "../nn/parameters.ts";
import { childKey, type RandomKey, uniformAt } from "../nn/random.ts";
import type { Weights } from "../nn/Weights.ts";
import { maskedPlaces } from "./maskedPlaces.ts";
import { type MaskedRow, maskKey, maskTokens } from "./maskTokens.ts";
import type { Outputs, PreparedStep } from "./Method.ts";
import { type Extra, forwardSteps } from "./prepareEncoderStep.ts";
import { prefixedWeights, withDropout } from "./startingWeights.ts";
import { TrainingFailure } from "./TrainingFailure.ts";

/** Before the names of the generator's parameters and inputs. */
const generatorPrefix = "generator.";

export interface EditOptions {
  /** Share of the words that are hidden; special tokens never are. */
  readonly maskRatio: number;
  /**
   * `argmax`: the likeliest word at every token, hidden or not (the released code); `sample`: a word drawn from the generator's
   * probabilities at hidden ones, all others as they were (the paper).
   */
  readonly words: "argmax" | "sample";
  /** Whether the generator drops out as in training (the released code). */
  readonly hasDropout: boolean;
  /** Of the generator's dropout masks. */
  readonly seed: number;
  /** Of the places that are hidden, and of words that are drawn. */
  readonly keys: { readonly mask: RandomKey; readonly words: RandomKey };
}

export interface SentenceEditor {
  /** The generator's weights, for `Method.frozen`. */
  readonly frozen: Weights;
  /** @param rows sentences with special tokens in place */
  readonly edit: (step: number, rows: ReadonlyArray<Sequence>) => Edit;
}

/** Of one batch. */
export interface Edit {
  /** What the generator computes. */
  readonly before: () => PreparedStep;
  /** Ids of each sentence as they are then, the first token as it was. @param outputs of `before` */
  readonly edited: (outputs: Outputs) => ReadonlyArray<Int32Array>;
}

const invalid = (message: string, hint: string) => new TrainingFailure("invalid", message, hint);

/** @throws TrainingFailure of reason `invalid` where a generator cannot edit what a model reads */
export function requireGenerator(generator: EncoderModel, model: EncoderModel, maxTokens: number): void {
  if (generator.tokenizer !== model.tokenizer || generator.config.vocabSize !== model.config.vocabSize)
    throw invalid(
      `Port "generator" has a model of another vocabulary (tokenizer ${generator.tokenizer.slice(0, 12)}, ${generator.config.vocabSize} words) than port "model" (${model.tokenizer.slice(0, 12)}, ${model.config.vocabSize} words): the words it puts in would mean others.`,
      "Link a generator with the encoder's own tokenizer, as distilbert-base-uncased has for bert-base-uncased.",
    );
  if (headSpecs(generator.config, "mlm").some((each) => !generator.weights.has(each.name)))
    throw invalid(
      'Port "generator" has a model without a head that guesses words.',
      "Set wordHead to true in the step that makes it, load-model or pretrain-mlm.",
    );
  if (maxTokens > generator.config.maxPositions)
    throw invalid(
      `maxTokens is ${maxTokens}, but the generator has positions for ${generator.config.maxPositions} tokens only.`,
      `Set maxTokens to ${generator.config.maxPositions} or less.`,
    );
}

/** @param generator with its head for words */
export function sentenceEditor(generator: EncoderModel, special: SpecialTokens, options: EditOptions): SentenceEditor {
  const { config: own, weights } = generator;
  const config = options.hasDropout ? own : withDropout(own, 0);
  const head = headSpecs(config, "mlm");
  const words = tableSpecs(config).filter(({ name }) => name === embeddingTables.word);
  const isSampled = options.words === "sample";
  const steps = forwardSteps({
    key: `generator|${options.words}`,
    encoders: [
      { config, encoded: "all", seed: options.seed, inputs: "generator", parameters: generatorPrefix, isFrozen: true },
    ],
    frozen: withPrefix([...words, ...encoderSpecs(config), ...head], generatorPrefix),
    outputs: ([call]) => ({ said: isSampled ? maskedWordLogits(call) : likeliestWords(call) }),
  });
  const used = [...parameterSpecs(config), ...head].map(({ name }) => [name, weights.get(name)!] as const);
  return {
    frozen: prefixedWeights(new Map(used), generatorPrefix),
    edit: (step, rows) => {
      const masked = rows.map(({ ids }, example) =>
        maskTokens(ids, special, config.vocabSize, options.maskRatio, maskKey(options.keys.mask, step, example)),
      );
      const batch = steps.pack(masked);
      const extra = isSampled ? maskedPlaces(batch, masked, options.maskRatio) : nothing;
      return {
        before: () => steps.prepare(step, [batch], extra),
        edited: (outputs) => {
          const found = isSampled
            ? sampled(outputs["said"]!, rows, masked, config, childKey(options.keys.words, step))
            : likeliest(outputs["said"]!, batch);
          found.forEach((ids, row) => (ids[0] = rows[row]!.ids[0]!));
          return found;
        },
      };
    },
  };
}

const nothing: Extra = { inputs: [], feeds: {} };

const likeliest = (words: Float32Array, { firstToken, lengths }: PackedBatch): ReadonlyArray<Int32Array> =>
  Array.from(firstToken, (first, row) => Int32Array.from(words.subarray(first, first + lengths[row]!)));

/** @param logits [places, vocab], the hidden places of all rows one after the other */
function sampled(
  logits: Float32Array,
  rows: ReadonlyArray<Sequence>,
  masked: ReadonlyArray<MaskedRow>,
  { vocabSize }: ModelConfig,
  key: RandomKey,
): ReadonlyArray<Int32Array> {
  let place = 0;
  return rows.map(({ ids }, example) => {
    const edited = ids.slice();
    for (const position of masked[example]!.positions) {
      const row = logits.subarray(place * vocabSize, ++place * vocabSize);
      edited[position] = drawn(row, uniformAt(childKey(key, example), position));
    }
    return edited;
  });
}

/** An index drawn from the softmax of these logits. @param share from 0 to below 1 */
export function drawn(logits: Float32Array, share: number): number {
  const highest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const masses = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  let left = share * masses.reduce((sum, mass) => sum + mass, 0);
  const found = masses.findIndex((mass) => (left -= mass) < 0);
  return found < 0 ? logits.length - 1 : found; // rounding may leave a trace behind the last
}
