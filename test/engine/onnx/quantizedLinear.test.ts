import { afterAll, describe, expect, it } from "vitest";
import { CpuEngine } from "../../../src/engine/cpu/CpuEngine.ts";
import type { Program } from "../../../src/engine/Engine.ts";
import { OnnxEngine } from "../../../src/engine/onnx/OnnxEngine.ts";
import { traceProgram } from "../../../src/engine/onnx/traceProgram.ts";
import { layerNorm, linear } from "../../../src/nn/ops/index.ts";
import * as tf from "@tensorflow/tfjs-core";
import { has8Bit } from "../../kit/has8Bit.ts";
import { numbers, relativeError, runOn } from "../../kit/engineRig.ts";

const [rows, into, out] = [24, 48, 20];
const x = numbers(rows * into, 1);

interface Layer {
  readonly quantized: boolean;
  /** Sizes of the LayerNorm's channels; without, there is none. */
  readonly gamma?: Float32Array;
  readonly halves?: boolean;
}

/** x → [LayerNorm →] linear, its weight as it is or in two halves joined. */
function program({ quantized, gamma, halves = false }: Layer): Program {
  const weight = (from: number, count: number) => ({
    shape: [count, into],
    values: numbers(out * into, 2).subarray(from * into, (from + count) * into),
    quantized,
  });
  return {
    key: `linear ${quantized} ${gamma?.join()} ${halves}`,
    inputs: [{ name: "x", shape: [rows, into], dtype: "float32" }],
    constants: {
      ...(halves ? { weight: weight(0, 12), rest: weight(12, 8) } : { weight: weight(0, out) }),
      bias: { shape: [out], values: numbers(out, 3) },
      ...(gamma === undefined
        ? {}
        : { gamma: { shape: [into], values: gamma }, beta: { shape: [into], values: new Float32Array(into) } }),
    },
    build: ({ x, weight, rest, bias, gamma, beta }) => {
      const normed = gamma === undefined ? x! : layerNorm(x!, gamma, beta!, 1e-12);
      const whole = rest === undefined ? weight! : tf.concat([weight!, rest], 0);
      return { y: linear(normed, whole, bias!, { scale: 0.5, biasScale: 2 }) };
    },
  };
}

describe("a linear layer with a quantized weight", () => {
  const engine = new OnnxEngine({ threads: 1 });
  afterAll(() => engine.close());

  const errorOf = async (layer: Omit<Layer, "quantized">) => {
    const exact = (await runOn(engine, program({ ...layer, quantized: false }), { x }))["y"]!;
    const found = (await runOn(engine, program({ ...layer, quantized: true }), { x }))["y"]!;
    expect(found).not.toEqual(exact);
    return relativeError(found, exact);
  };

  it.skipIf(!has8Bit)("gives the product to 8-bit rounding, scales and bias included", async () => {
    // Half a step of 1/127 of the largest on each side, averaged over 48 terms.
    expect(await errorOf({})).toBeLessThan(0.01);
  });

  it.skipIf(!has8Bit)(
    "evens out the channels of a LayerNorm, so that large ones do not cost small ones their precision",
    async () => {
      const gamma = Float32Array.from({ length: into }, (_, i) => (i % 12 === 0 ? 30 : 0.3));
      expect(await errorOf({ gamma })).toBeLessThan(0.01);
    },
  );

  it.skipIf(!has8Bit)("joins weights that lie side by side before it quantizes them", async () => {
    const { nodes } = traceProgram(program({ quantized: true, halves: true }));
    expect(nodes.map(({ operation }) => operation)).toEqual(["Mul", "DynamicQuantizeMatMul", "Identity"]);
    expect(await errorOf({ halves: true })).toBeLessThan(0.01);
  });

  it.skipIf(!has8Bit)("gives the same bits on any number of threads", async () => {
    const digests = new Set<string>();
    for (const threads of [1, 2, 3, 8]) {
      const other = new OnnxEngine({ threads });
      const { y } = await runOn(other, program({ quantized: true }), { x });
      digests.add(Buffer.from(y!.buffer, y!.byteOffset, y!.byteLength).toString("hex"));
      await other.close();
    }
    expect(digests.size).toBe(1);
  });

  it("is refused by an engine that has no 8-bit products", async () => {
    const refused = new CpuEngine().compile(program({ quantized: true }));
    await expect(refused).rejects.toThrow("Precision int8 is computed by the onnx engine only");
  });
});
