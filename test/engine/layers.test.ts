import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as tf from "@tensorflow/tfjs-core";
import { Engine, type Program } from "../../src/engine/Engine.ts";
import { type EngineChoice, EngineUnavailable } from "../../src/engine/EngineChoice.ts";
import { layerEngine } from "../../src/engine/layer.ts";

const double: Program = {
  key: "double",
  inputs: [{ name: "x", shape: [2], dtype: "float32" }],
  build: ({ x }) => ({ y: tf.mul(x!, 2) }),
};

const failure = (choice: EngineChoice) => Effect.flip(Effect.provide(Engine, layerEngine(choice)));

describe("the layer of an engine", () => {
  for (const engine of ["onnx", "cpu"] as const)
    it.effect(`provides the one that was chosen: ${engine}`, () =>
      Effect.gen(function* () {
        const found = yield* Engine;
        assert.strictEqual(found.identity.name, engine);
        const executable = yield* Effect.promise(() => found.compile(double));
        const results = yield* Effect.promise(() => executable.run({ x: Float32Array.of(1, 2) }));
        assert.deepStrictEqual(results["y"], Float32Array.of(2, 4));
      }).pipe(Effect.provide(layerEngine({ engine, device: "cpu", threads: 1 }))),
    );

  it.effect("never takes another device: it says what is there, or what to install", () =>
    Effect.gen(function* () {
      const foreign = process.platform === "darwin" ? "dml" : "coreml";
      const error = yield* failure({ engine: "onnx", device: foreign });
      assert.instanceOf(error, EngineUnavailable);
      assert.strictEqual(
        error.message,
        `The device ${foreign} is not available: onnxruntime for ${process.platform} on ${process.arch} has none`,
      );
      assert.match(error.hint, /^it has cpu/);
      const wrong = yield* failure({ engine: "cpu", device: "cuda" });
      assert.deepStrictEqual(
        [wrong.message, wrong.hint],
        ["The cpu engine cannot compute on cuda", "it computes on cpu"],
      );
    }),
  );
});
