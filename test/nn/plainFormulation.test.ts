/**
 * What stages compute against the plain formulation, with dropout on: rows padded, one batch, formulas composed of elementary
 * operations. The loss and every gradient stay what they are, to float32 rounding, whatever is saved on the way: padding
 * (packing), attention over the longest row (length groups), hidden states nobody reads (first tokens only), passes over
 * memory (kernels and gradients of our own).
 */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, assert, describe, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { cosineRegression } from "../../src/nn/losses/cosineRegression.ts";
import { infoNce } from "../../src/nn/losses/infoNce.ts";
import { ntXent } from "../../src/nn/losses/ntXent.ts";
import { softBinaryCrossEntropy } from "../../src/nn/losses/softBinaryCrossEntropy.ts";
import { pairLogits } from "../../src/nn/modules/heads.ts";
import { embedSequences, encodedRowsOf } from "../../src/nn/modules/pooling.ts";
import { packBatch, type Sequence } from "../../src/nn/PackedBatch.ts";
import type { LayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { encoderSpecs, headSpecs, tableSpecs } from "../../src/nn/parameters.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { encoderSteps } from "../../src/training/prepareEncoderStep.ts";
import { streamSeed } from "../../src/training/random.ts";
import { assertSameStep, layouts } from "../kit/formulations.ts";
import { type PlainTraining, runPlain } from "../kit/plainEncoder.ts";
import { firstGradients, sequencesOf, type StepGradients, stepGradients } from "../kit/stepGradients.ts";
import { tinyConfig, tinySequences, tinyWeights } from "../kit/tinyEncoder.ts";
import { makeMethods, special, tinyMirror, tinyOptions } from "../training/tinyModel.ts";
import { wholeBatch } from "../kit/wholeBatch.ts";

const cpu = new CpuEngine();
const onnx = new OnnxEngine({ maxSessions: 64 });
afterAll(() => onnx.close());

/** The losses of the methods, of what the encoder gives. */
const losses = {
  simcse: (views: tf.Tensor) => {
    const [anchors, positives] = tf.split(views, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
    return infoNce({ anchors, positives }, { temperature: 0.05 });
  },
  bce: (logits: tf.Tensor, labels: tf.Tensor) =>
    softBinaryCrossEntropy({ logits: logits as tf.Tensor1D, labels: labels as tf.Tensor1D }),
  mse: (sides: tf.Tensor, labels: tf.Tensor) => {
    const [left, right] = tf.split(sides, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
    return cosineRegression({ left, right, labels: labels as tf.Tensor1D });
  },
};
const results = { simcse: "cls", bce: "logits", mse: "mean" } as const;
type Kind = keyof typeof losses;

const lengths = [3, 9, 5, 5, 12, 2, 7, 8, 11, 4, 1, 6];
const labels = Float32Array.from(lengths, (length) => length / 12);
const counter = { seed: 3, step: 4 };

const weightsFor = (kind: Kind): Weights => {
  const kept = [...tableSpecs(tinyConfig), ...encoderSpecs(tinyConfig)];
  const head = kind === "bce" ? headSpecs(tinyConfig, "cross-encoder") : [];
  const all = tinyWeights();
  return new Map([...kept, ...head].map(({ name }) => [name, all.get(name)!]));
};

/** Both views of a sentence are equal rows: only their masks differ. */
const sequencesFor = (kind: Kind) => {
  const rows = tinySequences(lengths);
  return kind === "simcse" ? [...rows, ...rows] : rows;
};

const labelsFor = (kind: Kind): Float32Array => (kind === "mse" ? labels.slice(0, labels.length / 2) : labels);

const plainly = (kind: Kind): PlainTraining => ({
  config: tinyConfig,
  weights: weightsFor(kind),
  sequences: sequencesFor(kind),
  counter,
  result: results[kind],
  loss: (result) => losses[kind](result, tf.tensor1d(labelsFor(kind))),
});

/** As a method does it, in any layout. */
function inLayout(kind: Kind, policy: LayoutPolicy, engine: CpuEngine | OnnxEngine): Promise<StepGradients> {
  const head = kind === "bce" ? headSpecs(tinyConfig, "cross-encoder") : [];
  const result = results[kind];
  const steps = encoderSteps({
    key: `plain formulation ${kind}`,
    encoders: [
      {
        config: tinyConfig,
        encoded: result === "logits" ? "first" : encodedRowsOf(result),
        headDropout: kind === "bce",
        seed: counter.seed,
      },
    ],
    parameters: [...encoderSpecs(tinyConfig), ...head],
    loss: ([call], tensors) => ({
      loss: losses[kind](result === "logits" ? pairLogits(call) : embedSequences(call, result), tensors["labels"]!),
    }),
  });
  const values = labelsFor(kind);
  const prepared = steps.prepare(counter.step, [packBatch(sequencesFor(kind), { policy })], {
    inputs: kind === "simcse" ? [] : [{ name: "labels", shape: [values.length], dtype: "float32" }],
    feeds: kind === "simcse" ? {} : { labels: values },
  });
  return stepGradients(prepared, weightsFor(kind), engine);
}

describe.each(Object.keys(losses) as ReadonlyArray<Kind>)("%s", (kind) => {
  it("has the loss and the gradients of the plain formulation in every layout, on the onnx and the cpu engine", async () => {
    const expected = await runPlain(cpu, plainly(kind));
    for (const [name, policy] of Object.entries(layouts))
      for (const engine of [cpu, onnx])
        assertSameStep(await inLayout(kind, policy, engine), expected, `${name}, ${engine.identity.name}`);
  });
});

it("the layouts are what they are called", () => {
  const shapes = Object.values(layouts).map((policy) => packBatch(tinySequences(lengths), { policy }).shape);
  assert.deepStrictEqual(
    shapes.slice(0, 4).map(({ gathered, groups }) => [gathered, groups.length > 1]),
    [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ],
  );
});

/** The first update of a method, written down plainly. Dropout's stream is the stage's own. */
const methods = makeMethods();
const plainlyOf: { readonly [stage: string]: Pick<PlainTraining, "result" | "loss"> } = {
  "train-simcse": {
    result: "cls",
    loss: (pooled, tensors) => {
      const projected = tf.matMul(
        pooled as tf.Tensor2D,
        tensors["projection.dense.weight"] as tf.Tensor2D,
        false,
        true,
      );
      return losses.simcse(tf.tanh(tf.add(projected, tensors["projection.dense.bias"]!)));
    },
  },
  "train-mirror-bert": {
    result: tinyMirror.pooling,
    loss: (views) => {
      const [first, second] = tf.split(views, 2, 0) as [tf.Tensor2D, tf.Tensor2D];
      return ntXent({ first, second }, tinyMirror);
    },
  },
  "train-cross-encoder": { result: "logits", loss: (logits, { labels }) => losses.bce(logits, labels!) },
  "train-bi-encoder": { result: "mean", loss: (sides, { labels }) => losses.mse(sides, labels!) },
};

/** No text holds padding but that which fills it up. */
const withPaddingHidden = (row: Sequence): Sequence => ({
  ...row,
  visible: row.ids.findLastIndex((id) => id !== special.pad) + 1,
});

describe.each(Object.keys(plainlyOf))("%s", (stage) => {
  it("computes the loss and the gradients of the plain formulation, dropout on", async () => {
    const method = methods[stage]!(7, 24);
    const { encodings, feeds } = wholeBatch(method);
    const [{ batch }] = encodings;
    const { result, loss } = plainlyOf[stage]!;
    const expected = await runPlain(cpu, {
      config: method.config,
      weights: method.start,
      sequences: sequencesOf(batch).map(withPaddingHidden),
      counter: { seed: streamSeed(7, stage, "dropout"), step: 0 },
      result,
      loss: (ofRows, tensors) => {
        const given = feeds["labels"] as Float32Array | undefined;
        return loss(ofRows, given === undefined ? tensors : { ...tensors, labels: tf.tensor1d(given) });
      },
    });
    assert.strictEqual(
      batch.lengths.length,
      stage === "train-cross-encoder" ? tinyOptions.batchSize : 2 * tinyOptions.batchSize,
    );
    for (const engine of [cpu, onnx])
      assertSameStep(await firstGradients(method, engine), expected, engine.identity.name);
  });
});
