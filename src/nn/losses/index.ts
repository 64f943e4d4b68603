/** Every loss of this folder, described: what each takes and what can be set. */
import {
  contrastiveTension,
  type ContrastiveTensionInputs,
  type ContrastiveTensionOptions,
} from "./contrastiveTension.ts";
import { cosineRegression, type CosineRegressionInputs } from "./cosineRegression.ts";
import { focal, type FocalInputs, type FocalOptions } from "./focal.ts";
import {
  inBatchContrastiveTension,
  type InBatchContrastiveTensionInputs,
  type InBatchContrastiveTensionOptions,
} from "./inBatchContrastiveTension.ts";
import { infoNce, type InfoNceInputs, type InfoNceOptions } from "./infoNce.ts";
import { logCosh, type LogCoshInputs } from "./logCosh.ts";
import { describeLoss, type LossDescription, type LossInput } from "./LossDescription.ts";
import { maskedLanguageModel, type MaskedLanguageModelInputs } from "./maskedLanguageModel.ts";
import { meanSquaredError, type MeanSquaredErrorInputs } from "./meanSquaredError.ts";
import { ntXent, type NtXentInputs, type NtXentOptions } from "./ntXent.ts";
import {
  replacedTokenDetection,
  type ReplacedTokenDetectionInputs,
  type ReplacedTokenDetectionOptions,
} from "./replacedTokenDetection.ts";
import { sequenceToSequence, type SequenceToSequenceInputs } from "./sequenceToSequence.ts";
import { simBertSimilarity, type SimBertSimilarityInputs, type SimBertSimilarityOptions } from "./simBertSimilarity.ts";
import { softBinaryCrossEntropy, type SoftBinaryCrossEntropyInputs } from "./softBinaryCrossEntropy.ts";
import { softmaxClassification, type SoftmaxClassificationInputs } from "./softmaxClassification.ts";
import { tripletMargin, type TripletMarginInputs, type TripletMarginOptions } from "./tripletMargin.ts";

export type { LossDescription, LossInput, LossOption } from "./LossDescription.ts";

const embeddings = (description: string): LossInput => ({ shape: ["rows", "dim"], description });
const perRow = (description: string): LossInput => ({ shape: ["rows"], description });
const classLogits: LossInput = { shape: ["rows", "classes"], description: "a logit for each class" };
const rightClasses: LossInput = { shape: ["rows"], below: "classes", description: "the right class of each row" };
const wordLogits: LossInput = { shape: ["positions", "vocab"], description: "a logit for each word" };
const positionWeights: LossInput = { shape: ["positions"], description: "1 where a position counts, else 0" };
const temperature = (value: number) => ({
  description: "what cosines are divided by; 1 / scale",
  above: 0,
  default: value,
});

export const losses: ReadonlyArray<LossDescription> = [
  describeLoss<InfoNceInputs, InfoNceOptions>({
    name: "infoNce",
    summary: "each anchor finds its positive among those of the batch (SimCSE)",
    inputs: {
      anchors: embeddings("one view of each text"),
      positives: embeddings("the other view, row by row"),
      negatives: { ...embeddings("a hard negative of each text"), optional: true },
    },
    options: {
      temperature: temperature(0.05),
      hardNegativeWeight: {
        description: "added to the logit of a row's own hard negative: the logarithm of its weight",
        default: 0,
      },
    },
    compute: infoNce,
  }),
  describeLoss<NtXentInputs, NtXentOptions>({
    name: "ntXent",
    summary: "each view finds its twin among all views of the batch (Mirror-BERT)",
    inputs: { first: embeddings("one view of each text"), second: embeddings("the other view, row by row") },
    options: {
      temperature: temperature(0.04),
      form: {
        description: "both directions, mean, with the twin below; or one direction, sum, without it",
        choices: ["code", "paper"],
        default: "code",
      },
    },
    compute: ntXent,
  }),
  describeLoss<ContrastiveTensionInputs, ContrastiveTensionOptions>({
    name: "contrastiveTension",
    summary: "two encoders agree on one sentence and disagree on two (Contrastive Tension)",
    inputs: {
      first: embeddings("embeddings by the first encoder"),
      second: embeddings("embeddings by the second encoder"),
      labels: perRow("1 for the same sentence, 0 for two"),
    },
    options: {
      reduction: { description: "mean as the authors', sum as sentence-transformers'", choices: ["mean", "sum"] },
    },
    compute: contrastiveTension,
  }),
  describeLoss<InBatchContrastiveTensionInputs, InBatchContrastiveTensionOptions>({
    name: "inBatchContrastiveTension",
    summary: "two encoders find each sentence in the other's batch, at a learnt scale (Contrastive Tension)",
    inputs: {
      first: embeddings("embeddings by the first encoder"),
      second: embeddings("embeddings of the same sentences by the second"),
      logScale: { shape: [1], description: "logarithm of what similarities are multiplied with; starts at ln 20" },
    },
    options: {
      similarity: { description: "what is multiplied", choices: ["cosine", "dot"], default: "cosine" },
    },
    compute: inBatchContrastiveTension,
  }),
  describeLoss<ReplacedTokenDetectionInputs, ReplacedTokenDetectionOptions>({
    name: "replacedTokenDetection",
    summary: "which words were exchanged (DiffCSE)",
    inputs: {
      logits: { shape: ["positions", 2], description: "a logit for kept and one for replaced" },
      replaced: { shape: ["positions"], below: 2, description: "1 where the word was exchanged, else 0" },
      weights: { ...positionWeights, optional: true },
    },
    options: {
      reduction: { description: "over positions that count", choices: ["mean", "sum"], default: "mean" },
    },
    compute: replacedTokenDetection,
  }),
  describeLoss<SimBertSimilarityInputs, SimBertSimilarityOptions>({
    name: "simBertSimilarity",
    summary: "rows 0 and 1, 2 and 3, … find each other in the batch (SimBERT)",
    inputs: { embeddings: embeddings("partners one after the other, an even number of rows") },
    options: { scale: { description: "what cosines are multiplied with; 1 / temperature", above: 0, default: 30 } },
    compute: simBertSimilarity,
  }),
  describeLoss<SequenceToSequenceInputs>({
    name: "sequenceToSequence",
    summary: "the next word of a target (SimBERT)",
    inputs: {
      logits: wordLogits,
      targets: { shape: ["positions"], below: "vocab", description: "the word that comes next" },
      weights: positionWeights,
    },
    options: {},
    compute: sequenceToSequence,
  }),
  describeLoss<MaskedLanguageModelInputs>({
    name: "maskedLanguageModel",
    summary: "the word at a masked position (BERT)",
    inputs: {
      logits: wordLogits,
      targets: { shape: ["positions"], below: "vocab", description: "the word that was masked" },
      weights: positionWeights,
    },
    options: {},
    compute: maskedLanguageModel,
  }),
  describeLoss<SoftBinaryCrossEntropyInputs>({
    name: "softBinaryCrossEntropy",
    summary: "a pair's score as a probability, from its logit (Trans-Encoder, bi → cross)",
    inputs: { logits: perRow("the cross-encoder's logit"), labels: perRow("the teacher's score, 0 to 1") },
    options: {},
    compute: softBinaryCrossEntropy,
  }),
  describeLoss<CosineRegressionInputs>({
    name: "cosineRegression",
    summary: "a pair's score as the cosine of its embeddings (Trans-Encoder, cross → bi; SBERT)",
    inputs: {
      left: embeddings("embeddings of the first texts"),
      right: embeddings("embeddings of the second texts"),
      labels: perRow("the teacher's score"),
    },
    options: {},
    compute: cosineRegression,
  }),
  describeLoss<MeanSquaredErrorInputs>({
    name: "meanSquaredError",
    summary: "squared error of numbers (an ablation of Trans-Encoder)",
    inputs: { predictions: perRow("what is predicted"), labels: perRow("what it should be") },
    options: {},
    compute: meanSquaredError,
  }),
  describeLoss<LogCoshInputs>({
    name: "logCosh",
    summary: "squared error near a label, absolute error far from it (an ablation of Trans-Encoder)",
    inputs: { predictions: perRow("what is predicted"), labels: perRow("what it should be") },
    options: {},
    compute: logCosh,
  }),
  describeLoss<SoftmaxClassificationInputs>({
    name: "softmaxClassification",
    summary: "the right class of each row (SBERT)",
    inputs: { logits: classLogits, classes: rightClasses },
    options: {},
    compute: softmaxClassification,
  }),
  describeLoss<FocalInputs, FocalOptions>({
    name: "focal",
    summary: "the right class, with rows counting less that are known already",
    inputs: { logits: classLogits, classes: rightClasses },
    options: {
      gamma: { description: "how fast known rows fade; 0: not at all", least: 0, default: 2 },
      alpha: { description: "a weight of all rows", above: 0, default: 1 },
    },
    compute: focal,
  }),
  describeLoss<TripletMarginInputs, TripletMarginOptions>({
    name: "tripletMargin",
    summary: "the positive is nearer than the negative, by a margin (SBERT)",
    inputs: {
      anchors: embeddings("the texts that are compared"),
      positives: embeddings("a like text of each"),
      negatives: embeddings("an unlike text of each"),
    },
    options: {
      margin: { description: "1 in the paper, 5 in sentence-transformers", least: 0, default: 1 },
      epsilon: { description: "added to each difference; 1e-6 in PyTorch", least: 0, default: 0 },
    },
    compute: tripletMargin,
  }),
];
