/**
 * Who sees whom in attention: all tokens of a sequence, the first so many, or by UniLM's rule. The mask of a batch by hand, and
 * loss and gradients against the plain formulation, which asks each pair of tokens by itself.
 */
import { afterAll, assert, describe, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { packBatch, type Sequence, type Visible } from "../../src/nn/PackedBatch.ts";
import { paddedLayoutPolicy, shapeKey } from "../../src/nn/PackedLayout.ts";
import { assertSameStep, embedInLayout, embedPlainly, layouts } from "../kit/formulations.ts";
import { hiddenStates } from "../kit/encoderOutputs.ts";
import { tinyConfig, tinySequences, tinyWeights } from "../kit/tinyEncoder.ts";

const cpu = new CpuEngine();
const onnx = new OnnxEngine({ maxSessions: 64 });
afterAll(() => onnx.close());

const ids = Int32Array.of(1, 2, 3, 4, 5);
const biasOf = (sequences: ReadonlyArray<Sequence>) => {
  const { shape, feeds } = packBatch(sequences, { policy: paddedLayoutPolicy });
  return { key: shapeKey(shape), seen: Array.from(feeds["batch.bias.0"] ?? [], (bias) => (bias === 0 ? 1 : 0)) };
};

describe("the mask of a batch", () => {
  it("is UniLM's where a sequence is seen by segment (methods §6.2)", () => {
    const sequence = { ids, types: Int32Array.of(0, 0, 0, 1, 1), visible: "by-segment" } as const;
    assert.deepStrictEqual(biasOf([sequence]), {
      key: "5p,1x5q",
      seen: [1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1],
    });
  });

  it("hides what stands behind the first so many tokens", () => {
    assert.deepStrictEqual(biasOf([{ ids, visible: 2 }, { ids }]), {
      key: "10p,2x5m",
      seen: [1, 1, 0, 0, 0, 1, 1, 1, 1, 1],
    });
  });

  it("is none where all of all sequences is seen, and hides only padding where they are not of one length", () => {
    assert.deepStrictEqual(biasOf([{ ids }, { ids }]), { key: "10p,2x5", seen: [] });
    assert.deepStrictEqual(biasOf([{ ids }, { ids: ids.slice(2) }]), {
      key: "10p,2x5m",
      seen: [1, 1, 1, 0, 0, 1, 1, 1, 1, 1],
    });
  });

  it("counts a sequence without segments as one whose tokens all see each other", () => {
    const { seen } = biasOf([{ ids: ids.slice(3), visible: "by-segment" }, { ids: ids.slice(2) }]);
    assert.deepStrictEqual(seen, [1, 1, 0, 1, 1, 0, 1, 1, 0, ...Array.from({ length: 9 }, () => 1)]);
  });
});

const lengths = [3, 9, 5, 5, 12, 2, 7, 8, 11, 4, 1, 6];
const seen = (row: Sequence, visible: Visible): Sequence => ({ ...row, visible });
const half = (row: Sequence) => Math.ceil(row.ids.length / 2);
const batches: { readonly [name: string]: ReadonlyArray<Sequence> } = {
  "by segment": tinySequences(lengths).map((row) => seen(row, "by-segment")),
  "of the first tokens": tinySequences(lengths).map((row) => seen(row, half(row))),
  "of all kinds": tinySequences(lengths).map((row, i) =>
    i % 3 === 0 ? row : seen(row, i % 3 === 1 ? "by-segment" : half(row)),
  ),
  "of first tokens, all of one length": tinySequences([8, 8, 8, 8]).map((row, i) => seen(row, 1 + i)),
};

describe.each(Object.keys(batches))("a batch seen %s", (name) => {
  for (const pooling of ["cls", "mean"] as const)
    it(`has the loss and gradients of the plain formulation in every layout, on both engines: ${pooling}`, async () => {
      const step = { sequences: batches[name]!, pooling };
      const expected = await embedPlainly(cpu, step);
      for (const [layout, policy] of Object.entries(layouts))
        for (const engine of [cpu, onnx])
          assertSameStep(await embedInLayout(engine, step, policy), expected, `${layout}, ${engine.identity.name}`);
    });
});

describe("by segment", () => {
  it("no token of the first segment changes with the second, and each of the second with what stands before it alone", async () => {
    const encoder = { config: tinyConfig, weights: tinyWeights() };
    const types = Int32Array.of(0, 0, 0, 1, 1);
    const states = (last: ReadonlyArray<number>) =>
      hiddenStates(
        onnx,
        encoder,
        [{ ids: Int32Array.of(7, 8, 9, ...last), types, visible: "by-segment" }],
        paddedLayoutPolicy,
      );
    const dim = tinyConfig.hiddenSize;
    const [one, other] = [await states([10, 11]), await states([10, 12])];
    assert.deepStrictEqual(one.slice(0, 4 * dim), other.slice(0, 4 * dim));
    assert.notDeepEqual(one.slice(4 * dim), other.slice(4 * dim));
    assert.deepStrictEqual(one.slice(0, 3 * dim), (await states([13, 14])).slice(0, 3 * dim));
  });
});
