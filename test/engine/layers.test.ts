import * as Effect from "effect/Effect";
import { assert, it } from "@effect/vitest";
import * as tf from "@tensorflow/tfjs-core";
import { layer as cpuLayer } from "../../src/engine/cpu/layer.ts";
import { Engine, type Program } from "../../src/engine/Engine.ts";
import { layer as onnxLayer } from "../../src/engine/onnx/layer.ts";

const double: Program = {
  key: "double",
  inputs: [{ name: "x", shape: [2], dtype: "float32" }],
  build: ({ x }) => ({ y: tf.mul(x!, 2) }),
};

for (const [name, layer] of Object.entries({ onnx: onnxLayer({ threads: 1 }), cpu: cpuLayer }))
  it.effect(`the ${name} layer provides an engine that runs programs`, () =>
    Effect.gen(function* () {
      const engine = yield* Engine;
      assert.strictEqual(engine.identity.name, name);
      const executable = yield* Effect.promise(() => engine.compile(double));
      assert.deepStrictEqual(executable.outputs, [{ name: "y", shape: [2], dtype: "float32" }]);
      const results = yield* Effect.promise(() => executable.run({ x: Float32Array.of(1, 2) }));
      assert.deepStrictEqual(results["y"], Float32Array.of(2, 4));
    }).pipe(Effect.provide(layer)),
  );
