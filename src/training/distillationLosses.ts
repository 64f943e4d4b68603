/**
 * What a student may be taught with: the losses that Trans-Encoder chose, and those it was compared with. Each says what it is
 * computed of, and which labels it can take.
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022, equations 2 and 3, and the ablation of losses in its appendix; what each acts on
 * is docs/adr/0036.
 */
import * as tf from "@tensorflow/tfjs-core";
import { cosineRegression } from "../nn/losses/cosineRegression.ts";
import { logCosh } from "../nn/losses/logCosh.ts";
import { meanSquaredError } from "../nn/losses/meanSquaredError.ts";
import { softBinaryCrossEntropy } from "../nn/losses/softBinaryCrossEntropy.ts";
import { rowCosines } from "../nn/losses/unitRows.ts";
import type { LabelRange } from "./checks.ts";
import type { BiEncoderLoss, CrossEncoderLoss } from "./options.ts";

export interface CrossEncoderObjective {
  /** What the head gives for a pair: one logit, or one for "different" and one for "alike". */
  readonly outputs: 1 | 2;
  /** @param outputs [rows, outputs] @param labels [rows] */
  readonly loss: (outputs: tf.Tensor2D, labels: tf.Tensor1D) => tf.Scalar;
  readonly labels: LabelRange;
  /** The least the loss can be is the labels' entropy; otherwise 0. */
  readonly endsAtEntropy: boolean;
}

const onlyLogit = (outputs: tf.Tensor2D): tf.Tensor1D => tf.reshape(outputs, [outputs.shape[0]]);
const probabilities = (outputs: tf.Tensor2D): tf.Tensor1D => tf.sigmoid(onlyLogit(outputs));

const avoided = { least: 0, most: 1, hint: "Set labels to clamp or affine to avoid it." };
const unbounded: LabelRange = { ...avoided, because: "where the loss has no lower bound" };
const outOfReach: LabelRange = { ...avoided, because: "where no probability reaches" };

export const crossEncoderObjectives: { readonly [name in CrossEncoderLoss]: CrossEncoderObjective } = {
  bce: {
    outputs: 1,
    loss: (outputs, labels) => softBinaryCrossEntropy({ logits: onlyLogit(outputs), labels }),
    labels: unbounded,
    endsAtEntropy: true,
  },
  // Cross-entropy over two classes with label y of the second is that of one logit, their difference.
  softmax: {
    outputs: 2,
    loss: (outputs, labels) => {
      const [different, alike] = tf.split(outputs, 2, 1) as [tf.Tensor2D, tf.Tensor2D]; // [rows, 1]
      return softBinaryCrossEntropy({ logits: onlyLogit(tf.sub(alike, different)), labels });
    },
    labels: unbounded,
    endsAtEntropy: true,
  },
  mse: {
    outputs: 1,
    loss: (outputs, labels) => meanSquaredError({ predictions: probabilities(outputs), labels }),
    labels: outOfReach,
    endsAtEntropy: false,
  },
  "log-cosh": {
    outputs: 1,
    loss: (outputs, labels) => logCosh({ predictions: probabilities(outputs), labels }),
    labels: outOfReach,
    endsAtEntropy: false,
  },
};

export interface BiEncoderObjective {
  /** @param left [rows, dim] @param right [rows, dim] @param labels [rows] */
  readonly loss: (left: tf.Tensor2D, right: tf.Tensor2D, labels: tf.Tensor1D) => tf.Scalar;
  readonly labels: LabelRange;
}

const cosines: LabelRange = {
  least: -1,
  most: 1,
  because: "where no cosine reaches",
  hint: "Link scores that are cosines or probabilities.",
};

export const biEncoderObjectives: { readonly [name in BiEncoderLoss]: BiEncoderObjective } = {
  mse: { loss: (left, right, labels) => cosineRegression({ left, right, labels }), labels: cosines },
  "log-cosh": {
    loss: (left, right, labels) => logCosh({ predictions: rowCosines(left, right), labels }),
    labels: cosines,
  },
  bce: {
    loss: (left, right, labels) => softBinaryCrossEntropy({ logits: rowCosines(left, right), labels }),
    labels: { least: 0, most: 1, because: "and are no probabilities", hint: "Link scores that are probabilities." },
  },
};
