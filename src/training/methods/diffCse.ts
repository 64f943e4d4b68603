/**
 * DiffCSE: SimCSE, and beside it a discriminator that is given a sentence only as its embedding and has to tell which words of an
 * edited copy were exchanged. To help it the embedding must hold what the words are, so it comes to differ where sentences do.
 * Gradients of the discriminator's loss reach the encoder through the embedding alone.
 *
 * Source: Chuang et al., "DiffCSE", NAACL 2022, and its released code, which differs from the paper (methods §5.1).
 */
import * as tf from "@tensorflow/tfjs-core";
import { assembleFor, assembleSingle } from "../../nn/assembleInput.ts";
import type { EncoderModel, Pooling } from "../../nn/EncoderModel.ts";
import { infoNce } from "../../nn/losses/infoNce.ts";
import { replacedTokenDetection } from "../../nn/losses/replacedTokenDetection.ts";
import { detectionLogits } from "../../nn/modules/heads.ts";
import { embedSequences, encodedRowsOf } from "../../nn/modules/pooling.ts";
import { projectionOf, type ProjectionForm } from "../../nn/modules/projection.ts";
import type { PackedBatch, Sequence } from "../../nn/PackedBatch.ts";
import { encoderSpecs, headSpecs, initializeWeights, withPrefix } from "../../nn/parameters.ts";
import { poolingText } from "../../nn/pooling.ts";
import { raggedRow, raggedRows } from "../../nn/Ragged.ts";
import { tensorNamed } from "../../nn/TensorSpec.ts";
import { sampledUniformity, spreadOfViews } from "../batchSpread.ts";
import {
  requireKnownIds,
  requirePaddedLength,
  requirePositions,
  requireRows,
  requireSameTokenizer,
} from "../checks.ts";
import { requireGenerator, sentenceEditor } from "../editedSentences.ts";
import type { Method } from "../Method.ts";
import type { TrainingOptions } from "../options.ts";
import { optimizerOf } from "../optimizer.ts";
import { encoderSteps, type Extra } from "../prepareEncoderStep.ts";
import { streamKey, streamSeed } from "../random.ts";
import { makeSampler } from "../sampler.ts";
import { encoderWeights, prefixedWeights, withDropout } from "../startingWeights.ts";
import type { SimCseSentences } from "./simCse.ts";

const name = "train-diffcse";
const discriminator = "discriminator.";
const inputs = { replaced: "detection.replaced", weights: "detection.weights" } as const;

export interface DiffCseOptions extends TrainingOptions {
  readonly temperature: number;
  readonly pooling: Pooling;
  /** Between the embedding and the contrastive loss, dropped afterwards. */
  readonly projector: ProjectionForm;
  /** The discriminator is given the embedding as it is before the projector. */
  readonly beforeProjector: boolean;
  readonly maskRatio: number;
  readonly generatorDropout: boolean;
  /** See `EditOptions`. */
  readonly words: "argmax" | "sample";
  /** Which positions the detection loss counts: `all`, with the padding to the batch's longest row, or `tokens`. */
  readonly positions: "all" | "tokens";
  readonly reduction: "mean" | "sum";
  /** λ, which the detection loss is multiplied by. */
  readonly detectionWeight: number;
}

/**
 * @param generator with its head for words
 * @throws TrainingFailure of reason `invalid` where models, sentences and options do not fit
 */
export function diffCse(
  model: EncoderModel,
  generator: EncoderModel,
  sentences: SimCseSentences,
  options: DiffCseOptions,
  seed: number,
): Method {
  const { pooling, maxTokens, reduction, temperature, detectionWeight } = options;
  requireSameTokenizer(model, sentences, "sentences");
  requireRows(sentences.ids, 2, "sentences", "sentence");
  requireKnownIds(model.config, sentences.ids, "sentences");
  requirePositions(model.config, maxTokens);
  requirePaddedLength(model.config, pooling);
  requireGenerator(generator, model, maxTokens);
  const config = withDropout(model.config, options.dropout);
  const projection = projectionOf(options.projector, config.hiddenSize);
  const ofDiscriminator = withPrefix([...encoderSpecs(config), ...headSpecs(config, "detection")], discriminator);
  const editor = sentenceEditor(generator, sentences.special, {
    maskRatio: options.maskRatio,
    words: options.words,
    hasDropout: options.generatorDropout,
    seed: streamSeed(seed, name, "dropout of the generator"),
    keys: { mask: streamKey(seed, name, "mask"), words: streamKey(seed, name, "words") },
  });
  const sampler = makeSampler({
    rows: raggedRows(sentences.ids),
    batchSize: options.batchSize,
    dropLast: true,
    key: streamKey(seed, name, "shuffle"),
  });
  const steps = encoderSteps({
    key: `${name}|${JSON.stringify([temperature, poolingText(pooling), options.projector, options.beforeProjector, reduction, detectionWeight])}`,
    encoders: [
      { config, encoded: encodedRowsOf(pooling), seed: streamSeed(seed, name, "dropout") },
      {
        config,
        encoded: "all",
        seed: streamSeed(seed, name, "dropout of the discriminator"),
        inputs: "discriminator",
        parameters: discriminator,
        // Hugging Face's models do not train this word; what rows are filled up with is another one in RoBERTa, and trained.
        paddingId: sentences.special.pad,
      },
    ],
    parameters: [...encoderSpecs(config), ...projection.specs, ...ofDiscriminator],
    loss: ([sentence, edited], tensors) => {
      const pooled = embedSequences(sentence, pooling); // [2 rows, dim]
      const views = projection.project(pooled, tensors); // [2 rows, dim]
      const [anchors, positives] = tf.split(views, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
      const contrastive = infoNce({ anchors, positives }, { temperature });
      const logits = detectionLogits({ ...edited, first: options.beforeProjector ? pooled : views }); // [tokens, 2]
      const detection = replacedTokenDetection(
        {
          logits,
          replaced: tensorNamed(tensors, inputs.replaced) as tf.Tensor1D,
          weights: tensorNamed(tensors, inputs.weights) as tf.Tensor1D,
        },
        { reduction },
      );
      return { loss: tf.add(contrastive, tf.mul(detection, detectionWeight)), contrastive, detection, views };
    },
  });
  const parts: Method["parts"] = (step) => {
    const { special } = sentences;
    const texts = Array.from(sampler.batch(step), (row) => raggedRow(sentences.ids, row));
    const views = [...texts, ...texts].map((text) => assembleFor(pooling, text, special, maxTokens));
    const originals = [...texts, ...texts].map((text) => assembleSingle(text, special, maxTokens));
    const { before, edited } = editor.edit(step, originals);
    return [
      {
        share: 1,
        before,
        prepare: (said) => {
          const ids = edited(said);
          const batch = steps.pack(options.positions === "all" ? padded(ids) : ids.map((each) => ({ ids: each })), 1);
          return steps.prepare(step, [steps.pack(views, 0), batch], exchanged(batch, originals, ids));
        },
      },
    ];
  };
  const start = encoderWeights(config, model.weights);
  const head = withPrefix(headSpecs(config, "detection"), discriminator);
  const fresh = initializeWeights([...projection.specs, ...head], streamSeed(seed, name, "head"));
  return {
    config,
    start: new Map([...start, ...prefixedWeights(start, discriminator), ...fresh]),
    frozen: editor.frozen,
    stepsPerEpoch: sampler.stepsPerEpoch,
    optimizer: optimizerOf(options),
    collapsedLoss: Math.log(Math.min(options.batchSize, raggedRows(sentences.ids))),
    // Every row is the others' negative, so the batch is one part whatever its size.
    parts,
    observe: ({ contrastive, detection, views }, { feeds, encodings }) => ({
      contrastiveLoss: contrastive![0]!,
      detectionLoss: detection![0]!,
      replaced: shareOfReplaced(feeds[inputs.replaced]!, encodings[0]!.batch.realTokens),
      ...spreadOfViews(views!, views!.length / config.hiddenSize / 2),
    }),
    uniformity: ({ views }) => {
      const first = views!.subarray(0, views!.length / 2); // of each sentence the first one
      return sampledUniformity(first, first.length / config.hiddenSize);
    },
  };
}

/**
 * Rows as long as the longest, filled with id 0 that no token sees: in the code's mean their positions count, and what stands
 * there is computed as of any other.
 */
function padded(rows: ReadonlyArray<Int32Array>): ReadonlyArray<Sequence> {
  const longest = rows.reduce((most, { length }) => Math.max(most, length), 0);
  return rows.map((row) => {
    const ids = new Int32Array(longest);
    ids.set(row);
    return { ids, visible: row.length };
  });
}

/** Where a word is not the original; padding is nowhere exchanged. */
function exchanged(
  { shape, firstToken, lengths }: PackedBatch,
  originals: ReadonlyArray<Sequence>,
  edited: ReadonlyArray<Int32Array>,
): Extra {
  const replaced = new Int32Array(shape.tokens);
  const weights = new Float32Array(shape.tokens);
  firstToken.forEach((first, row) => {
    weights.fill(1, first, first + lengths[row]!);
    edited[row]!.forEach((id, position) => (replaced[first + position] = id === originals[row]!.ids[position] ? 0 : 1));
  });
  return {
    inputs: [
      { name: inputs.replaced, shape: [shape.tokens], dtype: "int32" },
      { name: inputs.weights, shape: [shape.tokens], dtype: "float32" },
    ],
    feeds: { [inputs.replaced]: replaced, [inputs.weights]: weights },
  };
}

/** @param tokens real ones */
const shareOfReplaced = (replaced: ArrayLike<number>, tokens: number): number =>
  Array.from(replaced).reduce((sum, each) => sum + each, 0) / tokens;
