/** Updates whose program holds several encoders, and encoders whose first tokens are given. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, assert, describe, it } from "vitest";
import { gradientName } from "../../src/engine/withGradients.ts";
import { encodeFirstTokens } from "../../src/nn/modules/bertEncoder.ts";
import type { EncoderCall } from "../../src/nn/modules/EncoderCall.ts";
import { embedSequences, inCallersOrder } from "../../src/nn/modules/pooling.ts";
import { embeddingsName, packBatch } from "../../src/nn/PackedBatch.ts";
import { type LayoutPolicy, paddedLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { encoderSpecs, parameterSpecs, withPrefix } from "../../src/nn/parameters.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { batchGradients, feedsOf } from "../../src/training/batchGradients.ts";
import type { Method } from "../../src/training/Method.ts";
import { encoderSteps } from "../../src/training/prepareEncoderStep.ts";
import { startFrom } from "../../src/training/trainingState.ts";
import { weightValues } from "../../src/nn/embeddingRows.ts";
import { numbers, relativeError } from "../kit/engineRig.ts";
import { engines } from "../kit/engines.ts";
import { type StepGradients, stepGradients } from "../kit/stepGradients.ts";
import { tinyConfig, tinySequences, tinyWeights } from "../kit/tinyEncoder.ts";
import { makeMethods } from "./tinyModel.ts";

const otherConfig = { ...tinyConfig, hiddenSize: 24, layers: 1, vocabSize: 60 };
const packed: LayoutPolicy = { lengthMultiple: 4, maxGroups: 3, minGroupRows: 3, minTokenStep: 4 };
const nothing = { inputs: [], feeds: {} };

const bare = (config: typeof tinyConfig, prefix = "", salt = 1): Weights => {
  const kept = new Set(parameterSpecs(config).map(({ name }) => name));
  return new Map(
    [...tinyWeights(config)]
      .filter(([name]) => kept.has(name))
      .map(([name, { shape, values }]) => [prefix + name, { shape, values: values.map((value) => salt * value) }]),
  );
};

/** Each element counts differently, and not in proportion. */
const weighed = (call: EncoderCall): tf.Scalar => {
  const rows = embedSequences(call, "mean");
  return tf.sum(tf.mul(tf.tanh(rows), tf.tensor(numbers(rows.size, 9), rows.shape)));
};

const one = { config: tinyConfig, encoded: "all", seed: 3 } as const;
const second = { config: otherConfig, encoded: "all", seed: 4, inputs: "second", parameters: "second." } as const;

const batchOf = (lengths: ReadonlyArray<number>, prefix?: string) =>
  packBatch(tinySequences(lengths), { policy: packed, ...(prefix === undefined ? {} : { prefix }) });
const batches = { one: batchOf([3, 9, 5, 12, 2, 7]), second: batchOf([4, 4, 8, 1, 11, 6, 10, 3], "second") };

/** The key's bias has a true gradient of 0, what is there is rounding: held against an absolute size. */
function assertSame(found: StepGradients, expected: StepGradients): void {
  assert.closeTo(found.loss, expected.loss, 1e-5 * Math.abs(expected.loss));
  assert.deepStrictEqual([...found.gradients.keys()], [...expected.gradients.keys()]);
  for (const [name, values] of expected.gradients)
    assert.isBelow(relativeError(found.gradients.get(name)!, values, name.includes("key.bias") ? 1 : 1e-3), 5e-6, name);
}

describe.each(engines)("an update of several encoders on the %s engine", (_, open) => {
  const engine = open(1);
  afterAll(() => engine.close());

  const alone = encoderSteps({
    key: "alone",
    encoders: [one],
    parameters: encoderSpecs(tinyConfig),
    loss: ([call]) => ({ loss: weighed(call) }),
  });
  const secondAlone = encoderSteps({
    key: "second alone",
    encoders: [second],
    parameters: withPrefix(encoderSpecs(otherConfig), "second."),
    loss: ([call]) => ({ loss: weighed(call) }),
  });
  const weights = { one: bare(tinyConfig), second: bare(otherConfig, "second.", 0.7) };

  it("gives each the gradients it has alone, dropout on: batches, masks and tables are apart", async () => {
    const both = encoderSteps({
      key: "both",
      encoders: [one, second],
      parameters: [...encoderSpecs(tinyConfig), ...withPrefix(encoderSpecs(otherConfig), "second.")],
      loss: ([first, other]) => ({ loss: tf.add(weighed(first), weighed(other)) }),
    });
    const expected = [
      await stepGradients(alone.prepare(5, [batches.one], nothing), weights.one, engine),
      await stepGradients(secondAlone.prepare(5, [batches.second], nothing), weights.second, engine),
    ];
    assertSame(
      await stepGradients(
        both.prepare(5, [batches.one, batches.second], nothing),
        new Map([...weights.one, ...weights.second]),
        engine,
      ),
      {
        loss: expected[0]!.loss + expected[1]!.loss,
        gradients: new Map([...expected[0]!.gradients, ...expected[1]!.gradients]),
      },
    );
  });

  it("adds up what several batches leave behind in weights they share", async () => {
    const other = { ...one, seed: 8, inputs: "other" } as const;
    const shared = encoderSteps({
      key: "shared",
      encoders: [one, other],
      parameters: encoderSpecs(tinyConfig),
      loss: ([first, call]) => ({ loss: tf.add(weighed(first), weighed(call)) }),
    });
    const otherAlone = encoderSteps({
      key: "other alone",
      encoders: [other],
      parameters: encoderSpecs(tinyConfig),
      loss: ([call]) => ({ loss: weighed(call) }),
    });
    const otherBatch = batchOf([2, 8, 8, 5], "other");
    const ofOne = await stepGradients(alone.prepare(5, [batches.one], nothing), weights.one, engine);
    const ofOther = await stepGradients(otherAlone.prepare(5, [otherBatch], nothing), weights.one, engine);
    const found = await stepGradients(shared.prepare(5, [batches.one, otherBatch], nothing), weights.one, engine);
    const sum = (name: string, values: Float32Array) =>
      values.map((value, i) => value + ofOther.gradients.get(name)![i]!);
    assertSame(found, {
      loss: ofOne.loss + ofOther.loss,
      gradients: new Map([...ofOne.gradients].map(([name, values]) => [name, sum(name, values)])),
    });
  });

  it("asks for no gradient of a frozen one, and trains the other through it", async () => {
    const through = encoderSteps({
      key: "through",
      encoders: [{ ...one, isFrozen: true }, second],
      parameters: withPrefix(encoderSpecs(otherConfig), "second."),
      frozen: encoderSpecs(tinyConfig),
      loss: ([frozen, other]) => ({ loss: tf.mul(weighed(frozen), weighed(other)) }),
    });
    const prepared = through.prepare(5, [batches.one, batches.second], nothing);
    const method: Method = {
      config: otherConfig,
      start: weights.second,
      frozen: weights.one,
      stepsPerEpoch: 1,
      optimizer: makeMethods()["train-simcse"]!(1, 8).optimizer,
      parts: () => [{ share: 1, prepare: () => prepared }],
    };
    const factor = (await stepGradients(alone.prepare(5, [batches.one], nothing), weights.one, engine)).loss;
    const expected = await stepGradients(secondAlone.prepare(5, [batches.second], nothing), weights.second, engine);
    const state = startFrom(method.start);
    const { gradients, tokens } = await batchGradients(method, engine, state)(5);
    assert.deepStrictEqual([...gradients.keys()], [...weights.second.keys()]);
    assert.strictEqual(tokens, batches.one.realTokens + batches.second.realTokens);
    assertSame(await stepGradients(prepared, weights.second, engine, weights.one), {
      loss: factor * expected.loss,
      gradients: new Map([...expected.gradients].map(([name, values]) => [name, values.map((each) => factor * each)])),
    });
  });

  it("takes given vectors in the place of first tokens, by the caller's order, and hands gradients on to them", async () => {
    // Given what would stand there anyway, everything is as without, gradients included.
    const itself = encoderSteps({
      key: "itself",
      encoders: [one],
      parameters: encoderSpecs(tinyConfig),
      loss: ([call]) => {
        const bare = { ...call, config: { ...tinyConfig, layers: 0 } };
        return { loss: weighed({ ...call, first: inCallersOrder(call, encodeFirstTokens(bare)) }) };
      },
    });
    for (const policy of [packed, paddedLayoutPolicy]) {
      const batch = packBatch(tinySequences([3, 9, 5, 12, 2, 7]), { policy });
      assertSame(
        await stepGradients(itself.prepare(5, [batch], nothing), weights.one, engine),
        await stepGradients(alone.prepare(5, [batch], nothing), weights.one, engine),
      );
    }
  });

  it("leaves the rows of tokens that were replaced without gradient", async () => {
    const given = { name: "given", shape: [6, tinyConfig.hiddenSize], dtype: "float32" } as const;
    const steps = encoderSteps({
      key: "given",
      encoders: [one],
      parameters: encoderSpecs(tinyConfig),
      loss: ([call], tensors) => ({ loss: weighed({ ...call, first: tensors["given"]! }) }),
    });
    const values = numbers(6 * tinyConfig.hiddenSize, 4);
    const prepared = steps.prepare(5, [batches.one], { inputs: [given], feeds: { given: values } });
    const executable = await engine.compile(prepared.program);
    const outputs = await executable.run(feedsOf(prepared, weightValues(weights.one)));
    const rows = outputs[gradientName(embeddingsName())]!;
    const { hiddenSize: dim } = tinyConfig;
    const norms = Array.from(batches.one.positions, (_, token) =>
      Math.hypot(...rows.subarray(token * dim, (token + 1) * dim)),
    );
    batches.one.positions.forEach((position, token) => {
      if (position <= 0) assert.strictEqual(norms[token], 0);
      else assert.isAbove(norms[token]!, 0);
    });
  });
});
