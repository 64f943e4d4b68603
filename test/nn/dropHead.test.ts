/** Drophead: whole attention heads dropped by example and layer. */
import { afterAll, assert, describe, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { dropoutMasks, dropoutSites } from "../../src/nn/dropout.ts";
import type { ModelConfig } from "../../src/nn/EncoderModel.ts";
import { headsDropped } from "../../src/nn/modules/EncoderCall.ts";
import { packBatch } from "../../src/nn/PackedBatch.ts";
import { defaultLayoutPolicy, type LayoutPolicy, paddedLayoutPolicy } from "../../src/nn/PackedLayout.ts";
import { bools, floats, runCase } from "../kit/engineRig.ts";
import { engines } from "../kit/engines.ts";
import { assertSameStep, embedInLayout, embedPlainly, layouts } from "../kit/formulations.ts";
import { tinyConfig, tinySequences } from "../kit/tinyEncoder.ts";

const cpu = new CpuEngine();
const onnx = new OnnxEngine({ maxSessions: 64 });
afterAll(() => onnx.close());

const dropping = (dropHead: number, more: Partial<ModelConfig> = {}): ModelConfig => ({
  ...tinyConfig,
  hiddenDropout: 0,
  attentionDropout: 0,
  dropHead,
  ...more,
});
const lengths = [5, 3, 9, 4, 8, 2];
const counter = { seed: 7, step: 11 };

/** The heads kept of each example in a layer, as a text of 0 and 1. */
function keptHeads(config: ModelConfig, policy: LayoutPolicy, layer = 0, at = counter, rows = lengths) {
  const batch = packBatch(tinySequences(rows), { policy });
  const sites = dropoutSites(config, batch.shape, "all").filter(({ site }) => site === -1 - layer);
  const masks = dropoutMasks(sites, batch, at);
  const inOrder = sites.map(({ name }) => [...masks[name]!].join("")).join("");
  const { heads } = config;
  return Array.from(rows, (_, example) => {
    const row = batch.order.indexOf(example);
    return inOrder.slice(row * heads, (row + 1) * heads);
  });
}

describe("the heads that are kept", () => {
  it("do not depend on the layout", () => {
    const padded = keptHeads(dropping(0.4), paddedLayoutPolicy);
    for (const policy of Object.values(layouts)) assert.deepStrictEqual(keptHeads(dropping(0.4), policy), padded);
  });

  it("are written out here, so that a change of the counter is always a decision", () => {
    assert.deepStrictEqual(keptHeads(dropping(0.4), defaultLayoutPolicy), [
      "1100",
      "1101",
      "1110",
      "1101",
      "1010",
      "1001",
    ]);
    assert.deepStrictEqual(keptHeads(dropping(0.4), defaultLayoutPolicy, 1), [
      "1111",
      "0110",
      "0010",
      "0011",
      "1111",
      "0111",
    ]);
  });

  it("differ by seed, step and layer", () => {
    const many = Array.from({ length: 40 }, () => 3);
    const of = (layer: number, seed: number, step: number) =>
      keptHeads(dropping(0.4), defaultLayoutPolicy, layer, { seed, step }, many).join(" ");
    const seen = [of(0, 1, 1), of(1, 1, 1), of(0, 2, 1), of(0, 1, 2)];
    assert.strictEqual(new Set(seen).size, seen.length);
  });

  it("are as many as the rate says, and never none: then it is any one", () => {
    const many = Array.from({ length: 2000 }, () => 3);
    for (const rate of [0.05, 0.2, 0.5]) {
      const kept = keptHeads(dropping(rate), defaultLayoutPolicy, 0, counter, many);
      assert.isTrue(kept.every((heads) => heads.includes("1")));
      const share = kept.join("").replaceAll("0", "").length / (4 * many.length);
      // The one that stays of four that would go adds rate⁴ / 4.
      const expected = 1 - rate + rate ** 4 / 4;
      assert.approximately(share, expected, 4 * Math.sqrt((rate * (1 - rate)) / (4 * many.length)), `rate ${rate}`);
    }
    const alone = keptHeads(dropping(0.999), defaultLayoutPolicy, 0, counter, many);
    for (const head of ["1000", "0100", "0010", "0001"])
      assert.approximately(alone.filter((heads) => heads === head).length / many.length, 0.25, 0.05);
  });

  it("are not asked for at a rate of 0, and leave all other masks as they are", () => {
    const { shape } = packBatch(tinySequences(lengths));
    assert.isEmpty(dropoutSites(dropping(0), shape, "all"));
    const names = (config: ModelConfig) => dropoutSites(config, shape, "all").map(({ name }) => name);
    const others = names({ ...tinyConfig, dropHead: 0.2 }).filter((name) => !name.startsWith("batch.dropout.-"));
    assert.deepStrictEqual(others, names(tinyConfig));
  });
});

describe.each(engines)("drophead on the %s engine", (_, open) => {
  const engine = open(1);
  afterAll(() => engine.close());

  it("zeroes dropped heads and scales the others by heads / kept: 4/3 where three of four stay (methods §3.4)", async () => {
    const shape = packBatch(tinySequences([2]), { policy: paddedLayoutPolicy }).shape;
    const dropout = dropoutSites(dropping(0.2), shape, "all");
    const { value: result } = await runCase(engine, {
      inputs: { x: floats([1, 4, 2, 4]), "batch.dropout.-1.0": bools([1, 4, 1, 1], [1, 0, 1, 1]) },
      build: (tensors) => headsDropped({ config: tinyConfig, shape, tensors, dropout }, tensors["x"]!, -1, 0),
    });
    const x = floats([1, 4, 2, 4]).values;
    result!.forEach((value, i) => {
      const isDropped = Math.floor(i / 8) === 1;
      assert.approximately(value, isDropped ? 0 : (4 / 3) * x[i]!, 1e-6);
    });
  });
});

for (const pooling of ["cls", "mean"] as const)
  it(`has the loss and gradients of the plain formulation in every layout, on both engines: ${pooling}`, async () => {
    const sequences = tinySequences([3, 9, 5, 5, 12, 2, 7, 8, 11, 4, 1, 6]);
    const step = { sequences, pooling, config: { ...tinyConfig, dropHead: 0.4 } };
    const expected = await embedPlainly(cpu, step);
    assert.isAbove(Math.abs(expected.loss - (await embedPlainly(cpu, { ...step, config: tinyConfig })).loss), 1e-3);
    for (const [layout, policy] of Object.entries(layouts))
      for (const engine of [cpu, onnx])
        assertSameStep(await embedInLayout(engine, step, policy), expected, `${layout}, ${engine.identity.name}`);
  });
