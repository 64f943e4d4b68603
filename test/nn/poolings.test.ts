/** How embeddings are read off the encoder: each pooling against the plain formulation, loss and gradients, dropout on. */
import { afterAll, assert, describe, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { assembleFor } from "../../src/nn/assembleInput.ts";
import type { Pooling } from "../../src/nn/EncoderModel.ts";
import { poolingNames, poolingOf, poolingText } from "../../src/nn/pooling.ts";
import { assertSameStep, embedInLayout, embedPlainly, layouts } from "../kit/formulations.ts";
import { tinyConfig, tinySequences } from "../kit/tinyEncoder.ts";

const cpu = new CpuEngine();
const onnx = new OnnxEngine({ maxSessions: 64 });
afterAll(() => onnx.close());

const lengths = [3, 9, 5, 5, 12, 2, 7, 8, 11, 4, 1, 6];
const special = { pad: 0, cls: 1, sep: 2 };
const sequencesFor = (pooling: Pooling) =>
  typeof pooling === "string"
    ? tinySequences(lengths)
    : tinySequences(lengths).map(({ ids }) => assembleFor(pooling, ids, special, 40));

describe.each(poolingNames)("pooling %s", (name) => {
  const pooling = poolingOf({ pooling: name, paddedLength: 11 });
  const step = { sequences: sequencesFor(pooling), pooling };

  it("has the loss and gradients of the plain formulation in every layout, on both engines", async () => {
    const expected = await embedPlainly(cpu, step);
    for (const [layout, policy] of Object.entries(layouts))
      for (const engine of [cpu, onnx])
        assertSameStep(await embedInLayout(engine, step, policy), expected, `${layout}, ${engine.identity.name}`);
  });
});

it("no pooling gives another's embeddings", async () => {
  const poolings = poolingNames.map((pooling) => poolingOf({ pooling, paddedLength: 11 }));
  const losses: Array<number> = [];
  for (const pooling of poolings)
    losses.push((await embedPlainly(cpu, { sequences: sequencesFor(pooling), pooling })).loss);
  for (const [i, loss] of losses.entries())
    for (const other of losses.slice(i + 1)) assert.isAbove(Math.abs(loss - other), 1e-3);
});

describe("first-last", () => {
  it("takes the states after layer 1, not those before it", async () => {
    // Of one layer the first is the last, so that nothing but the mean is left.
    const config = { ...tinyConfig, layers: 1 };
    const sequences = tinySequences(lengths);
    const [mean, both] = [
      await embedPlainly(cpu, { sequences, config, pooling: "mean" }),
      await embedInLayout(cpu, { sequences, config, pooling: "first-last" }, layouts["packed in groups"]!),
    ];
    assertSameStep(both, mean, "one layer");
  });
});

describe("mean-with-padding", () => {
  it("fills texts up with padding that no token sees, and cuts longer ones", () => {
    const pooling = poolingOf({ pooling: "mean-with-padding", paddedLength: 6 });
    assert.deepStrictEqual(assembleFor(pooling, [7, 8], special, 40), {
      ids: Int32Array.of(1, 7, 8, 2, 0, 0),
      visible: 4,
    });
    assert.deepStrictEqual(assembleFor(pooling, [5, 6, 7, 8, 9], special, 40), {
      ids: Int32Array.of(1, 5, 6, 7, 8, 2),
      visible: 6,
    });
    assert.deepStrictEqual(assembleFor(pooling, [5, 6, 7, 8, 9], special, 4).visible, 4);
  });

  it("has a length of 50 where none is given, as Mirror-BERT has", () => {
    assert.strictEqual(poolingText(poolingOf({ pooling: "mean-with-padding" })), "mean-with-padding to 50");
  });

  it("refuses sequences that were made for another pooling", async () => {
    const step = { sequences: tinySequences(lengths), pooling: poolingOf({ pooling: "mean-with-padding" }) };
    const error = await embedInLayout(cpu, step, layouts["packed"]!).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    assert.strictEqual(
      (error as Error | undefined)?.message,
      "Pooling mean-with-padding to 50 of sequences that are not padded: assembleFor makes them.",
    );
  });
});
