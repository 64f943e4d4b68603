import { createRequire } from "node:module";
import { assert, describe, it } from "vitest";
import { cpuIdentity, onnxIdentity } from "../../src/engine/identity.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { defaultLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { initializeWeights } from "../../src/nn/parameters.ts";
import { runTiny, tinyProgram, type Kind } from "../kit/tinyEncoder.ts";

const manifest = createRequire(import.meta.url)("../../package.json") as { dependencies: { [name: string]: string } };

/** Losses and gradient norms of the tiny encoder; version 2 differs from 1 in bits of some products, not in these digits. */
const golden: { readonly [kind in Kind]: readonly [number, number] } = {
  cls: [-4.951744, 38.2043],
  mean: [-0.5572124, 29.85426],
  "cross-encoder": [0.1340272, 4.600194],
  mlm: [9.987912, 95.27735],
};

describe("the engine's identity", () => {
  it("carries the version of the package that computes", () => {
    assert.strictEqual(onnxIdentity.version, manifest.dependencies["onnxruntime-node"]);
    assert.strictEqual(cpuIdentity.version, manifest.dependencies["@tensorflow/tfjs-backend-cpu"]);
  });

  // If this fails because arithmetic, dropout or initial weights changed on purpose: raise arithmeticVersion, then the numbers.
  // The tolerance is that of float32 sums on CPUs with other vector widths.
  for (const kind of ["cls", "mean", "cross-encoder", "mlm"] satisfies ReadonlyArray<Kind>)
    it(`stands for the numbers recorded for arithmetic version ${onnxIdentity.arithmeticVersion}: ${kind}`, async () => {
      const engine = new OnnxEngine({ threads: 1 });
      const results = await runTiny(engine, tinyProgram(kind, [3, 9, 5, 5, 12, 2, 7], defaultLayoutPolicy));
      let squares = 0;
      for (const [name, values] of Object.entries(results))
        if (name.startsWith("gradient:")) for (const value of values) squares += value * value;
      const [loss, norm] = golden[kind];
      assert.approximately(results["loss"]![0]!, loss, 1e-5 * Math.abs(loss));
      assert.approximately(Math.sqrt(squares), norm, 1e-5 * norm);
      await engine.close();
    });

  it("stands for the initial weights recorded", () => {
    const weights = initializeWeights([{ name: "pooler.dense.weight", shape: [2, 2], dtype: "float32" }], 2021);
    assert.deepStrictEqual(
      [...weights.get("pooler.dense.weight")!.values],
      [0.002028387738391757, -0.026721319183707237, 0.02362721785902977, -0.002994774142280221],
    );
  });
});
