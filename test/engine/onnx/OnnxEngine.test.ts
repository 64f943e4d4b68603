import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { assert, describe, it } from "vitest";
import type { Program } from "../../../src/engine/Engine.ts";
import { OnnxEngine } from "../../../src/engine/onnx/OnnxEngine.ts";
import { withGradients } from "../../../src/engine/withGradients.ts";
import { defaultLayoutPolicy } from "../../../src/nn/PackedLayout.ts";
import { runTiny, tinyProgram } from "../../kit/tinyEncoder.ts";

const scaled = (factor: number): Program => ({
  key: `times ${factor}`,
  inputs: [{ name: "x", shape: [3], dtype: "float32" }],
  build: ({ x }) => ({ y: tf.mul(x!, factor) }),
});
const x = Float32Array.of(1, 2, 3);

describe("the onnx engine", () => {
  it("gives the same bits over runs, sessions, and one or two threads", async () => {
    const digests = new Set<string>();
    // Long enough rows that onnxruntime does split the work.
    const program = tinyProgram(
      "mean",
      Array.from({ length: 64 }, (_, i) => 3 + (i % 29)),
      defaultLayoutPolicy,
    );
    for (const threads of [1, 2, 2]) {
      const engine = new OnnxEngine({ threads });
      for (let run = 0; run < 2; run++) {
        const hash = createHash("sha256");
        for (const values of Object.values(await runTiny(engine, program))) hash.update(values);
        digests.add(hash.digest("hex"));
      }
      await engine.close();
    }
    assert.strictEqual(digests.size, 1);
  });

  it("compiles programs of equal keys once and keeps at most maxSessions of them", async () => {
    const engine = new OnnxEngine({ threads: 1, maxSessions: 2 });
    let builds = 0;
    const counted = (factor: number): Program => ({
      ...scaled(factor),
      build: (tensors) => {
        builds++;
        return scaled(factor).build(tensors);
      },
    });
    const first = await engine.compile(counted(1));
    await engine.compile(counted(2));
    await engine.compile(counted(1));
    assert.strictEqual(builds, 2);
    await engine.compile(counted(3)); // 2 is the least recently used
    assert.strictEqual(engine.sessionCount, 2);
    assert.deepStrictEqual((await first.run({ x }))["y"], Float32Array.of(1, 2, 3));
    assert.strictEqual(builds, 3);
    await engine.close();
  });

  it("runs an executable whose session was released by compiling it again", async () => {
    const engine = new OnnxEngine({ threads: 1, maxSessions: 1 });
    const double = await engine.compile(scaled(2));
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
    await engine.close();
    assert.strictEqual(engine.sessionCount, 0);
  });

  it("keeps no more sessions than their memory allows, but always the latest", async () => {
    const engine = new OnnxEngine({ threads: 1, maxSessionBytes: 1 });
    for (const factor of [2, 3, 4]) {
      await engine.compile(scaled(factor));
      assert.strictEqual(engine.sessionCount, 1);
    }
    await engine.close();
  });

  it("writes outputs named in `into` in place", async () => {
    const engine = new OnnxEngine({ threads: 1 });
    const executable = await engine.compile(scaled(2));
    const y = new Float32Array(3);
    const results = await executable.run({ x }, { y });
    assert.strictEqual(results["y"], y);
    assert.deepStrictEqual(y, Float32Array.of(2, 4, 6));
    await engine.close();
  });

  it("takes constants as part of the program", async () => {
    const engine = new OnnxEngine({ threads: 1 });
    const executable = await engine.compile({
      ...scaled(1),
      key: "constant",
      constants: { weight: { shape: [3], values: Float32Array.of(10, 20, 30) } },
      build: ({ x, weight }) => ({ y: tf.mul(x!, weight!) }),
    });
    assert.deepStrictEqual((await executable.run({ x }))["y"], Float32Array.of(10, 40, 90));
    await engine.close();
  });

  it("gives out an input, a constant, and one value under two names", async () => {
    const engine = new OnnxEngine({ threads: 1 });
    const executable = await engine.compile({
      ...scaled(1),
      key: "aliases",
      build: ({ x }) => ({ x: x!, a: tf.mul(x!, 2), b: tf.mul(x!, 2), one: tf.ones([2]) }),
    });
    assert.deepStrictEqual(
      executable.outputs.map((output) => output.name),
      ["x", "a", "b", "one"],
    );
    const results = await executable.run({ x });
    assert.deepStrictEqual(
      Object.values(results).map((values) => Array.from(values)),
      [
        [1, 2, 3],
        [2, 4, 6],
        [2, 4, 6],
        [1, 1],
      ],
    );
    await engine.close();
  });

  it("leaves no tensor and no backend behind", async () => {
    const engine = new OnnxEngine({ threads: 1 });
    const { numTensors } = tf.memory();
    await runTiny(engine, tinyProgram("cls", [3, 5, 2], defaultLayoutPolicy));
    await runTiny(engine, tinyProgram("mlm", [3, 5, 2], defaultLayoutPolicy));
    assert.strictEqual(tf.memory().numTensors, numTensors);
    await engine.close();
  });

  it("names the operation that it does not know", async () => {
    const engine = new OnnxEngine({ threads: 1 });
    const program: Program = { ...scaled(1), key: "unknown", build: ({ x }) => ({ y: tf.asinh(x!) }) };
    const message = await engine.compile(program).then(
      () => "",
      (error: Error) => error.message,
    );
    assert.strictEqual(
      message,
      "The program unknown uses Asinh, which has no ONNX form yet: add it to src/engine/onnx/kernels.",
    );
    assert.strictEqual(engine.sessionCount, 0);
    await engine.close();
  });

  it("says which feed is missing or of the wrong size", async () => {
    const engine = new OnnxEngine({ threads: 1 });
    const { run } = await engine.compile(scaled(2));
    const messageOf = (feeds: { [name: string]: Float32Array }) =>
      run(feeds).then(
        () => "",
        (error: Error) => error.message,
      );
    assert.strictEqual(await messageOf({}), "The program times 2 needs the input x, which was not fed.");
    assert.strictEqual(await messageOf({ x: new Float32Array(4) }), "The input x of times 2 has 4 values, not 3.");
    await engine.close();
  });

  it("says which input the loss does not depend on", async () => {
    const engine = new OnnxEngine({ threads: 1 });
    const program = withGradients({
      key: "partial",
      inputs: [...scaled(1).inputs, { name: "unused", shape: [2], dtype: "float32" }],
      wrt: ["x", "unused"],
      build: ({ x }) => ({ loss: tf.sum(x!) }),
    });
    const message = await engine.compile(program).then(
      () => "",
      (error: Error) => error.message,
    );
    assert.strictEqual(message, "The loss of partial does not depend on unused: leave it out of wrt.");
    await engine.close();
  });
});
