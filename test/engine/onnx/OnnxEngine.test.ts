import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { assert, describe, it } from "vitest";
import type { Program } from "../../../src/engine/Engine.ts";
import { OnnxEngine } from "../../../src/engine/onnx/OnnxEngine.ts";
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
});
