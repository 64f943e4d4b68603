/**
 * The objectives of Sentence-BERT: what each puts on the embeddings of a row's texts. Classes through a classifier, scores as cosines,
 * triples by distance.
 */
import * as tf from "@tensorflow/tfjs-core";
import { keptScale, rowDropoutMask } from "../nn/dropout.ts";
import { cosineRegression } from "../nn/losses/cosineRegression.ts";
import { focal } from "../nn/losses/focal.ts";
import { softmaxClassification } from "../nn/losses/softmaxClassification.ts";
import { tripletMargin } from "../nn/losses/tripletMargin.ts";
import { pairClassifierSpecs, pairClassLogits } from "../nn/modules/pairClassifier.ts";
import { featureWidth } from "../nn/modules/pairFeatures.ts";
import { tensorNamed, type Tensors, type TensorSpec } from "../nn/TensorSpec.ts";
import type { ClassifiedPairs, LabelledTexts } from "./labelledTexts.ts";
import type { Outputs, ReadyProgram } from "./Method.ts";
import type { Extra } from "./prepareEncoderStep.ts";

/** What an objective adds to embeddings: a head, further inputs, a loss. */
export interface Objective {
  /** All that decides its part of the program. */
  readonly key: string;
  readonly head: ReadonlyArray<TensorSpec>;
  /** @param sides each [rows, dim] */
  readonly loss: (
    sides: ReadonlyArray<tf.Tensor2D>,
    tensors: Tensors,
  ) => { readonly loss: tf.Scalar; readonly [name: string]: tf.Tensor };
  /** @param part of the batch, indices into `rows` */
  readonly extra: (step: number, part: Int32Array, rows: Int32Array) => Extra;
  readonly observe?: (outputs: Outputs, step: ReadyProgram) => { readonly accuracy: number };
}

const inputs = { labels: "labels", mask: "pairs.dropout" } as const;

/** @param dim of the embeddings @param dropoutSeed of the classifier */
export function objectiveOf(texts: LabelledTexts, dim: number, dropoutSeed: number): Objective {
  switch (texts.objective) {
    case "softmax":
      return classification(texts, dim, dropoutSeed);
    case "regression":
      return {
        key: "regression",
        head: [],
        loss: ([left, right], tensors) => ({
          loss: cosineRegression({ left: left!, right: right!, labels: labelsIn(tensors) }),
        }),
        extra: (_, part, rows) =>
          labelsExtra(
            Float32Array.from(part, (i) => texts.labels[rows[i]!]!),
            "float32",
          ),
      };
    case "triplet":
      return {
        key: `triplet ${texts.margin}`,
        head: [],
        loss: ([anchors, positives, negatives]) => ({
          loss: tripletMargin(
            { anchors: anchors!, positives: positives!, negatives: negatives! },
            { margin: texts.margin },
          ),
        }),
        extra: () => ({ inputs: [], feeds: {} }),
      };
  }
}

function classification(
  { classifier, classifierDropout, focalLoss, labels }: ClassifiedPairs,
  dim: number,
  seed: number,
): Objective {
  const width = featureWidth(classifier.concatenation, dim);
  const isPlain = focalLoss.gamma === 0 && focalLoss.alpha === 1;
  return {
    key: JSON.stringify([classifier, classifierDropout, focalLoss]),
    head: pairClassifierSpecs(classifier, dim),
    loss: ([left, right], tensors) => {
      const mask = tensors[inputs.mask];
      const kept = mask === undefined ? undefined : { mask, scale: keptScale(classifierDropout) };
      const logits = pairClassLogits(left!, right!, tensors, classifier, kept); // [rows, classes]
      const given = { logits, classes: labelsIn(tensors) };
      return { loss: isPlain ? softmaxClassification(given) : focal(given, focalLoss), logits };
    },
    extra: (step, part, rows) =>
      joinedExtras([
        labelsExtra(
          Int32Array.from(part, (i) => labels[rows[i]!]!),
          "int32",
        ),
        maskExtra(rowDropoutMask(classifierDropout, width, { seed, step }, part), width),
      ]),
    observe: (outputs, { feeds }) => ({ accuracy: accuracyOf(outputs["logits"]!, feeds[inputs.labels] as Int32Array) }),
  };
}

const labelsIn = (tensors: Tensors): tf.Tensor1D => tensorNamed(tensors, inputs.labels) as tf.Tensor1D;

const labelsExtra = (values: Float32Array | Int32Array, dtype: "float32" | "int32"): Extra => ({
  inputs: [{ name: inputs.labels, shape: [values.length], dtype }],
  feeds: { [inputs.labels]: values },
});

const maskExtra = (mask: Uint8Array | undefined, width: number): Extra =>
  mask === undefined
    ? { inputs: [], feeds: {} }
    : {
        inputs: [{ name: inputs.mask, shape: [mask.length / width, width], dtype: "bool" }],
        feeds: { [inputs.mask]: mask },
      };

export const joinedExtras = (extras: ReadonlyArray<Extra>): Extra => ({
  inputs: extras.flatMap((extra) => extra.inputs),
  feeds: Object.assign({}, ...extras.map((extra) => extra.feeds)) as Extra["feeds"],
});

/** Share of the rows whose own class has the highest logit. @param logits [rows, classes] */
function accuracyOf(logits: Float32Array, classes: Int32Array): number {
  const width = logits.length / classes.length;
  const isRight = (row: number): boolean => {
    const own = logits.subarray(row * width, (row + 1) * width);
    return own.every((logit) => logit <= own[classes[row]!]!);
  };
  return classes.filter((_, row) => isRight(row)).length / classes.length;
}
