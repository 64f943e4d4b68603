/** What every engine promises. Fast: `cpu` and `onnx`; `engines.slow.ts` runs the same on the others. */
import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, assert, describe, it } from "vitest";
import { checkDevice } from "../../src/engine/checkDevice.ts";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import type { Feeds, Program } from "../../src/engine/Engine.ts";
import { withGradients } from "../../src/engine/withGradients.ts";
import { encodeTokens } from "../../src/inference/encode.ts";
import { scorePairs } from "../../src/inference/score.ts";
import { defaultLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { poolingNames, poolingOf, poolingText } from "../../src/nn/pooling.ts";
import { train } from "../../src/training/train.ts";
import { loudBiEncoder, loudCrossEncoder } from "../inference/loudModels.ts";
import { differences, relativeError, runCase, worstError } from "../kit/engineRig.ts";
import { engines, otherEngines } from "../kit/engines.ts";
import { runTiny, tinyProgram } from "../kit/tinyEncoder.ts";
import { isWithoutEffect, makeMethods, tinyOptions, topicSentences } from "../training/tinyModel.ts";
import { differentiable, plain } from "./operationCases.ts";

const scaled = (factor: number): Program => ({
  key: `times ${factor}`,
  inputs: [{ name: "x", shape: [3], dtype: "float32" }],
  build: ({ x }) => ({ y: tf.mul(x!, factor) }),
});
const x = Float32Array.of(1, 2, 3);
const cpu = new CpuEngine();

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );
const furthest = (a: Float32Array, b: Float32Array) =>
  a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), a.length === b.length ? 0 : Infinity);

describe.each(engines)("the %s engine", (name, open) => {
  const engine = open();
  afterAll(() => engine.close());

  it("says what it is", () => {
    assert.strictEqual(engine.identity.name, name.split(" ")[0]);
    assert.strictEqual(engine.identity.precision, "float32");
  });

  it("computes a product and its gradients in float32", () => checkDevice(engine));

  it("tells the outputs of a program, and runs it", async () => {
    const double = await engine.compile(scaled(2));
    assert.deepStrictEqual(double.outputs, [{ name: "y", shape: [3], dtype: "float32" }]);
    assert.deepStrictEqual((await double.run({ x }))["y"], Float32Array.of(2, 4, 6));
    const triple = await engine.compile(scaled(3));
    const both = await Promise.all([double.run({ x }), triple.run({ x }), double.run({ x })]);
    assert.deepStrictEqual(
      both.map((results) => Array.from(results["y"]!)),
      [
        [2, 4, 6],
        [3, 6, 9],
        [2, 4, 6],
      ],
    );
  });

  it("writes outputs named in `into` in place", async () => {
    const executable = await engine.compile(scaled(2));
    const y = new Float32Array(3);
    const results = await executable.run({ x }, { y });
    assert.strictEqual(results["y"], y);
    assert.deepStrictEqual(y, Float32Array.of(2, 4, 6));
  });

  it("hands out results that stay as they are when it runs again", async () => {
    const executable = await engine.compile(scaled(2));
    const { y } = await executable.run({ x });
    await executable.run({ x: Float32Array.of(7, 8, 9) });
    assert.deepStrictEqual(y, Float32Array.of(2, 4, 6));
  });

  it("takes constants as part of the program", async () => {
    const executable = await engine.compile({
      ...scaled(1),
      key: "constant",
      constants: { weight: { shape: [3], values: Float32Array.of(10, 20, 30) } },
      build: ({ x, weight }) => ({ y: tf.mul(x!, weight!) }),
    });
    assert.deepStrictEqual((await executable.run({ x }))["y"], Float32Array.of(10, 40, 90));
  });

  it("gives out an input, a constant, and one value under two names", async () => {
    const executable = await engine.compile({
      ...scaled(1),
      key: "aliases",
      build: ({ x }) => ({ x: x!, a: tf.mul(x!, 2), b: tf.mul(x!, 2), one: tf.ones([2]) }),
    });
    assert.deepStrictEqual(
      executable.outputs.map((output) => output.name),
      ["x", "a", "b", "one"],
    );
    assert.deepStrictEqual(
      Object.values(await executable.run({ x })).map((values) => Array.from(values)),
      [
        [1, 2, 3],
        [2, 4, 6],
        [2, 4, 6],
        [1, 1],
      ],
    );
  });

  it("leaves no tensor and no backend behind", async () => {
    const { numTensors } = tf.memory();
    const former = tf.engine().backendName;
    await runTiny(engine, tinyProgram("cls", [3, 5, 2], defaultLayoutPolicy));
    await runTiny(engine, tinyProgram("mlm", [3, 5, 2], defaultLayoutPolicy));
    await messageOf(engine.compile({ ...scaled(1), key: "broken", build: () => assert.fail("broken") }));
    assert.strictEqual(tf.memory().numTensors, numTensors);
    assert.strictEqual(tf.engine().backendName, former);
  });

  it("gives the same bits again, for an encoder with dropout", async () => {
    const lengths = Array.from({ length: 64 }, (_, i) => 3 + (i % 29)); // long enough that the work is split
    const program = tinyProgram("mean", lengths, defaultLayoutPolicy);
    const digests = new Set<string>();
    for (let run = 0; run < 3; run++) {
      const hash = createHash("sha256");
      for (const values of Object.values(await runTiny(engine, program))) hash.update(values);
      digests.add(hash.digest("hex"));
    }
    assert.strictEqual(digests.size, 1);
  });

  it("says which feed is missing, and what is of the wrong size", async () => {
    const { run } = await engine.compile(scaled(2));
    const fed = (feeds: Feeds) => messageOf(run(feeds));
    assert.strictEqual(await fed({}), "The program times 2 needs the input x, which was not fed.");
    assert.strictEqual(await fed({ x: new Float32Array(4) }), "The input x of times 2 has 4 values, not 3.");
    assert.strictEqual(
      await messageOf(run({ x }, { y: new Float32Array(2) })),
      "The output y of times 2 has 3 values, not 2.",
    );
  });

  it("says which input the loss does not depend on", async () => {
    const program = withGradients({
      key: "partial",
      inputs: [...scaled(1).inputs, { name: "unused", shape: [2], dtype: "float32" }],
      wrt: ["x", "unused"],
      build: ({ x }) => ({ loss: tf.sum(x!) }),
    });
    assert.strictEqual(
      await messageOf(engine.compile(program)),
      "The loss of partial does not depend on unused: leave it out of wrt.",
    );
  });
});

/**
 * Both compute in float32 but not in the same order; tfjs's erf is a polynomial good to 1.5e-7. WGSL asks of sin and cos no more
 * than an error of 2⁻¹¹, and models use neither.
 */
const toleranceOf = (engine: string, operation: string): number =>
  engine.endsWith("webgpu") && ["sin", "cos"].includes(operation) ? 2e-3 : 3e-6;

describe.each(otherEngines)("on the %s engine as on cpu", (engineName, open) => {
  const engine = open(1);
  afterAll(() => engine.close());

  for (const [name, each] of Object.entries(differentiable))
    it(`${name} has the same value and gradients`, async () => {
      const worst = worstError(await runCase(engine, each), await runCase(cpu, each));
      assert.isBelow(worst.error, toleranceOf(engineName, name), worst.name);
    });

  for (const [name, each] of Object.entries(plain))
    it(`${name} has the same value`, async () => {
      const forward = { ...each, wrt: [] };
      const worst = worstError(await runCase(engine, forward), await runCase(cpu, forward));
      assert.isBelow(worst.error, 3e-6, worst.name);
    });

  for (const [name, make] of Object.entries(makeMethods()))
    it(`three updates of ${name} go the same way`, async () => {
      const options = { ...tinyOptions, maxSteps: 3 };
      const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };
      const found = await train(make(1, 24), engine, options, quiet);
      const expected = await train(make(1, 24), cpu, options, quiet);
      found.curve.series["loss"]!.forEach((loss, i) =>
        assert.approximately(loss, expected.curve.series["loss"]![i]!, 5e-5),
      );
      for (const [parameter, { values }] of found.weights) {
        if (isWithoutEffect(name, parameter)) continue;
        assert.isBelow(furthest(values, expected.weights.get(parameter)!.values), 2e-4, parameter);
      }
    });

  for (const pooling of poolingNames.map((name) => poolingOf({ pooling: name, paddedLength: 14 })))
    it(`embeddings by ${poolingText(pooling)} are the same`, async () => {
      const sentences = topicSentences(70);
      const found = await encodeTokens(loudBiEncoder(pooling), sentences, engine);
      assert.isBelow(furthest(found, await encodeTokens(loudBiEncoder(pooling), sentences, cpu)), 1e-5);
    });

  it("a cross-encoder's scores are the same", async () => {
    const pairs = { a: topicSentences(40, "a"), b: topicSentences(40, "b") };
    const found = await scorePairs(loudCrossEncoder, pairs, engine);
    assert.isBelow(furthest(found, await scorePairs(loudCrossEncoder, pairs, cpu)), 1e-5);
  });
});

describe.each(engines.filter(([name]) => name === "cpu"))("on the %s engine", () => {
  for (const [name, each] of Object.entries(differentiable))
    it(`the gradient of ${name} agrees with differences`, async () => {
      const found = await runCase(cpu, each);
      for (const [input, { dtype }] of Object.entries(each.inputs)) {
        if ((dtype ?? "float32") !== "float32" || each.wrt?.includes(input) === false) continue;
        const error = relativeError(found[`gradient:${input}`]!, await differences(each, input));
        assert.isBelow(error, 4e-3, input);
      }
    });
});
