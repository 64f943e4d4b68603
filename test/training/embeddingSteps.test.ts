/** Losses of embeddings, at once and in pieces: two encoders, a learnt parameter of the loss, further inputs, dropout on. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, assert, describe, it } from "vitest";
import { embedSequences } from "../../src/nn/modules/pooling.ts";
import type { Gradient } from "../../src/nn/optim/Gradient.ts";
import { encoderSpecs, parameterSpecs } from "../../src/nn/parameters.ts";
import { tensorNamed } from "../../src/nn/TensorSpec.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { batchGradients } from "../../src/training/batchGradients.ts";
import { embeddingSteps } from "../../src/training/embeddingSteps.ts";
import { GradientSum } from "../../src/training/GradientSum.ts";
import type { CachedPart, Method, StepPart } from "../../src/training/Method.ts";
import { startFrom } from "../../src/training/trainingState.ts";
import { relativeError } from "../kit/engineRig.ts";
import { engines } from "../kit/engines.ts";
import { tinyConfig, tinySequences, tinyWeights } from "../kit/tinyEncoder.ts";
import { makeMethods } from "./tinyModel.ts";

const second = "second.";
const sequences = [tinySequences([3, 9, 5, 12, 2, 7]), tinySequences([4, 4, 8, 1, 11, 6])] as const;
const prefixed = encoderSpecs(tinyConfig).map(({ name, shape, dtype }) => ({ name: second + name, shape, dtype }));
const scale = { name: "scale", shape: [], dtype: "float32" } as const;
const labels = { name: "labels", shape: [6, 6], dtype: "float32" } as const;

const start: Weights = new Map([
  ...parameterSpecs(tinyConfig).flatMap(({ name }) => {
    const tensor = tinyWeights(tinyConfig).get(name)!;
    const other = { ...tensor, values: tensor.values.map((value) => 0.7 * value) };
    return [[name, tensor] as const, [second + name, other] as const];
  }),
  ["scale", { shape: [], values: Float32Array.of(0.5) }],
]);

const partOf = embeddingSteps({
  key: "two encoders",
  encoders: [
    {
      config: tinyConfig,
      encoded: "first",
      seed: 3,
      weights: encoderSpecs(tinyConfig),
      embed: (call) => embedSequences(call, "cls"),
    },
    {
      config: tinyConfig,
      encoded: "all",
      seed: 4,
      inputs: "second",
      parameters: second,
      weights: prefixed,
      embed: (call) => embedSequences(call, "mean"),
    },
  ],
  parameters: [scale],
  loss: ([left, right], tensors) => {
    const scores = tf.mul(tf.matMul(left, right, false, true), tensorNamed(tensors, "scale"));
    return { loss: tf.mean(tf.square(tf.sub(tf.tanh(scores), tensorNamed(tensors, "labels")))), scores };
  },
});

const extra = { inputs: [labels], feeds: { labels: Float32Array.from({ length: 36 }, (_, i) => Math.sin(i)) } };

const methodOf = (parts: ReadonlyArray<StepPart | CachedPart>): Method => ({
  ...makeMethods()["train-simcse"]!(1, 8),
  start,
  parts: () => parts,
  observe: ({ scores }) => ({ highest: Math.max(...scores!) }),
});

const valuesOf = (gradient: Gradient) => (gradient instanceof Float32Array ? gradient : gradient.values);

describe.each(engines)("a loss of embeddings on the %s engine", (_, open) => {
  const engine = open(1);
  afterAll(() => engine.close());

  const updateOf = async (parts: ReadonlyArray<StepPart | CachedPart>) => {
    const update = await batchGradients(methodOf(parts), engine, startFrom(start))(5);
    return {
      ...update,
      gradients: new Map([...update.gradients].map(([name, each]) => [name, valuesOf(each).slice()])),
    };
  };

  it("has in pieces the numbers of the whole batch, to rounding", async () => {
    const [whole, cut] = [partOf(5, sequences, undefined, extra), partOf(5, sequences, 20, extra)];
    assert.property(whole, "prepare");
    assert.isAbove((cut as CachedPart).pieces.length, 4);
    const [expected, found] = [await updateOf([whole]), await updateOf([cut])];
    assert.closeTo(found.loss, expected.loss, 1e-6);
    assert.closeTo(found.observed["highest"]!, expected.observed["highest"]!, 1e-5);
    assert.strictEqual(found.tokens, expected.tokens);
    assert.deepStrictEqual([...found.gradients.keys()], [...start.keys()]);
    for (const [name, values] of expected.gradients)
      // The key's bias has a true gradient of 0, what is there is rounding: held against an absolute size.
      assert.isBelow(
        relativeError(found.gradients.get(name)!, values, name.includes("key.bias") ? 1 : 1e-3),
        5e-6,
        name,
      );
  });

  it("adds up with further parts by share and weight", async () => {
    const [whole, cut] = [partOf(5, sequences, undefined, extra), partOf(5, sequences, 20, extra)];
    const alone = await updateOf([whole]);
    const both = await updateOf([{ ...whole, weight: 0.25 }, cut]);
    assert.closeTo(both.loss, 1.25 * alone.loss, 1e-6);
    const name = "embeddings.word_embeddings.weight";
    const expected = alone.gradients.get(name)!.map((value) => 1.25 * value);
    assert.isBelow(relativeError(both.gradients.get(name)!, expected, 0), 5e-6);
  });
});

describe("GradientSum", () => {
  it("adds rows of a table to its dense gradient, leaves out what no part has, and keeps the parameters' order", () => {
    const sum = new GradientSum();
    const rows = { rows: Int32Array.of(1), values: Float32Array.of(4, 8), tableRows: 3 };
    sum.add(new Map([["table", rows]]), 0.5);
    sum.add(
      new Map([
        ["other", Float32Array.of(2)],
        ["table", Float32Array.of(1, 1, 1, 1, 1, 1)],
      ]),
      2,
    );
    assert.deepStrictEqual(
      [...sum.take(["table", "absent", "other"])],
      [
        ["table", Float32Array.of(2, 2, 4, 6, 2, 2)],
        ["other", Float32Array.of(4)],
      ],
    );
    sum.add(new Map([["other", Float32Array.of(1)]]), 1);
    assert.deepStrictEqual([...sum.take(["table", "other"])], [["other", Float32Array.of(1)]]);
  });
});
