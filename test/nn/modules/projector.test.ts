import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { batchNorm, batchNormInUse, freshStatistics, runningStatistics } from "../../../src/nn/modules/batchNorm.ts";
import {
  featureWidth,
  concatenations,
  pairFeatures,
  type Concatenation,
} from "../../../src/nn/modules/pairFeatures.ts";
import { project, projectorParameters, projectorSpecs } from "../../../src/nn/modules/projector.ts";
import { differences, floats, type Input, relativeError, runCase, type Results } from "../../kit/engineRig.ts";
import { engines, expectClose } from "../losses/lossRig.ts";

const input = (...rows: ReadonlyArray<ReadonlyArray<number>>): Input => ({
  shape: [rows.length, rows[0]!.length],
  values: Float32Array.from(rows.flat()),
});
const row = (...values: ReadonlyArray<number>): Input => ({
  shape: [values.length],
  values: Float32Array.from(values),
});

const names = projectorParameters;
const worked = {
  x: input([1, 2], [0, -1], [2, 0.5]),
  [names.wideWeight]: input([1, 0], [0, 1], [1, 1], [1, -1]),
  [names.normWeight]: row(1, 1, 1, 1),
  [names.normBias]: row(0, 0, 0, 0),
  [names.narrowWeight]: input([1, 0, -1, 0.5], [0, 2, 0.5, -1]),
};
/** Unlike the worked one, no value of it is at the ReLU's corner. */
const distinct = {
  x: floats([5, 2], 1),
  [names.wideWeight]: floats([4, 2], 2),
  [names.normWeight]: floats([4], 3),
  [names.normBias]: floats([4], 4),
  [names.narrowWeight]: floats([2, 4], 5),
};

type Named = { readonly [name: string]: tf.Tensor };
const projected = (tensors: Named) => project(tensors["x"] as tf.Tensor2D, (name) => tensors[name]!);
const embeddingsOf = (tensors: Named) => projected(tensors).projected;
const normedInUse = ({ x, mean, variance, scale, shift }: Named) =>
  batchNormInUse(x as tf.Tensor2D, { mean: mean!, variance: variance! }, { scale: scale!, shift: shift! }, 0);

describe.each(engines)("DiffCSE's projector on the %s engine", (_, engine) => {
  const run = async (
    build: (tensors: Named) => tf.Tensor,
    inputs: { readonly [name: string]: Input } = worked,
    wrt = Object.keys(inputs),
  ): Promise<Results> => {
    const opened = engine();
    try {
      return await runCase(opened, { inputs, build, wrt });
    } finally {
      await opened.close();
    }
  };

  const firstNorm = async (pick: "mean" | "variance") =>
    (await run((tensors) => projected(tensors).statistics[0][pick], worked, []))["value"]!;

  it("gives the worked embeddings in training", async () => {
    const { value } = await run(embeddingsOf);
    expectClose(
      Array.from(value!),
      [-1.260334719514, 1.412716673856, 0.074609857744, -0.650073730201, 1.18572486177, -0.762642943656],
      2e-6,
    );
  });

  it("gives gradients that central differences give", async () => {
    const results = await run(embeddingsOf, distinct);
    for (const name of Object.keys(distinct)) {
      const slopes = await differences({ inputs: distinct, build: embeddingsOf }, name, 5e-3);
      expect(relativeError(results[`gradient:${name}`]!, slopes), name).toBeLessThan(1e-2);
    }
  });

  it("moves running statistics as worked out: a tenth of the mean and of the unbiased variance", async () => {
    const batch = { mean: await firstNorm("mean"), variance: await firstNorm("variance") };
    const { mean, variance } = runningStatistics(freshStatistics(4), batch);
    expectClose(Array.from(mean), [0.1, 0.05, 0.15, 0.05], 1e-6);
    expectClose(Array.from(variance), [1, 1.125, 1.375, 1.075], 1e-6);
  });

  it("uses given statistics when not in training", async () => {
    const inputs = { x: worked.x, mean: row(1, 0.5), variance: row(4, 0.25), scale: row(2, 1), shift: row(0, -1) };
    expectClose(Array.from((await run(normedInUse, inputs))["value"]!), [0, 2, -1, -4, 1, -1], 1e-6);
  });
});

describe("batch normalisation", () => {
  it("refuses a single row, and leaves a constant column at 0", () => {
    tf.tidy(() => {
      expect(() => batchNorm(tf.tensor2d([[1, 2]]))).toThrow(
        "Batch normalisation needs at least 2 rows, not 1: one has no variance.",
      );
      const { normed, variance } = batchNorm(tf.tensor2d([3, 3, 3], [3, 1]));
      expect(Array.from(normed.dataSync())).toEqual([0, 0, 0]);
      expect(Array.from(variance.dataSync())).toEqual([0]);
    });
  });

  it("has the shapes of its parameters by the width of embeddings", () => {
    expect(projectorSpecs(3).map(({ shape }) => shape)).toEqual([[6, 3], [6], [6], [3, 6]]);
  });
});

describe("pairFeatures", () => {
  it.each([
    ["u,v", [1, 2, 2, 1]],
    ["|u-v|", [1, 1]],
    ["u*v", [2, 2]],
    ["|u-v|,u*v", [1, 1, 2, 2]],
    ["u,v,u*v", [1, 2, 2, 1, 2, 2]],
    ["u,v,|u-v|", [1, 2, 2, 1, 1, 1]],
    ["u,v,|u-v|,u*v", [1, 2, 2, 1, 1, 1, 2, 2]],
  ] as ReadonlyArray<[Concatenation, ReadonlyArray<number>]>)("lays out %s", (concatenation, expected) => {
    tf.tidy(() => {
      const features = pairFeatures(tf.tensor2d([[1, 2]]), tf.tensor2d([[2, 1]]), concatenation);
      expect(Array.from(features.dataSync())).toEqual(expected);
      expect(featureWidth(concatenation, 2)).toBe(expected.length);
    });
  });

  it("has all that the paper compares", () => {
    expect(Object.keys(concatenations)).toHaveLength(7);
  });
});
