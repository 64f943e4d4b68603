/**
 * SimBERT on the record of plain PyTorch: gradients of the first update, both losses of twenty, weights after them, from the same
 * start and the same batches, without dropout. Both sides compute in float32, in sums of another order. Measured at the worst:
 * weights 2.7e-6 from PyTorch's float32, in the layer's bias, which begins at 0 and so has no large part that is without rounding.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { train } from "../../src/training/train.ts";
import { relativeError } from "../kit/engineRig.ts";
import { firstGradients } from "../kit/stepGradients.ts";
import { simbertMethod, simbertOptions, simbertProblem, type SimbertRecord } from "./simbertProblem.ts";
import { floatsOf } from "./trainingProblem.ts";

const record = JSON.parse(readFileSync(new URL("simbert.json", import.meta.url), "utf8")) as SimbertRecord;
const engines = { onnx: new OnnxEngine({ maxSessions: 64 }), cpu: new CpuEngine() };
afterAll(() => engines.onnx.close());

/** Adding one number to every key's score is nothing to a softmax: the true gradient is 0. */
const isWithoutEffect = (name: string): boolean => name.endsWith("attention.self.key.bias");

describe("train-simbert", () => {
  it.each(Object.keys(engines) as ReadonlyArray<keyof typeof engines>)(
    "has the gradient of every parameter that float64 gives, to 5e-6: %s",
    async (engine) => {
      const { loss, gradients } = await firstGradients(simbertMethod(), engines[engine]);
      expect(Math.abs(loss / record.losses64[0]![0] - 1)).toBeLessThan(1e-6);
      expect([...gradients.keys()].sort()).toEqual(Object.keys(record.gradients).sort());
      for (const [name, gradient] of gradients) {
        if (isWithoutEffect(name)) expect(Math.hypot(...gradient), name).toBeLessThan(1e-6);
        else expect(relativeError(gradient, floatsOf(record.gradients[name]!), 0), name).toBeLessThan(5e-6);
      }
    },
  );

  it("goes PyTorch's way for twenty updates", async () => {
    const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };
    const { weights, curve } = await train(simbertMethod(), engines.onnx, simbertOptions, quiet);
    const { loss, similarityLoss, writingLoss } = curve.series;
    expect(record.losses.length).toBe(20);
    record.losses.forEach((recorded, step) => {
      const found = [loss!, similarityLoss!, writingLoss!].map((series) => series[step]!);
      recorded.forEach((value, i) => expect(Math.abs(found[i]! / value - 1)).toBeLessThan(1e-5));
    });
    for (const [name, { values }] of weights)
      if (!isWithoutEffect(name))
        expect(relativeError(values, floatsOf(record.weights[name]!), 0), name).toBeLessThan(1e-5);
  });

  it("is the training that was recorded: both orders, cut sentences, UniLM's rows", () => {
    const { steps } = simbertProblem();
    expect(steps.length).toBe(20);
    for (const { rows } of steps) {
      expect(rows.length).toBe(8);
      rows.forEach(({ ids, types }, row) => {
        const partner = rows[row + 1 - 2 * (row % 2)]!;
        const split = types.indexOf(1);
        expect(partner.ids).toEqual([ids[0], ...ids.slice(split), ...ids.slice(1, split)]);
      });
    }
    expect(Math.max(...steps.flatMap(({ rows }) => rows.map(({ ids }) => ids.length)))).toBe(19);
  });
});
