import { afterAll, describe, expect, it } from "vitest";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import type { Gradient } from "../../src/nn/optim/Gradient.ts";
import { batchGradients } from "../../src/training/batchGradients.ts";
import type { CachedPart, Method, StepPart } from "../../src/training/Method.ts";
import { cutByTokens, inParts } from "../../src/training/parts.ts";
import { startFrom } from "../../src/training/trainingState.ts";
import { relativeError } from "../kit/engineRig.ts";
import { makeMethods, tinyBackbone, tinyOptions } from "./tinyModel.ts";

/** Shares are known before anything is prepared. */
const noStep = () => {
  throw new Error("nothing is prepared here");
};

describe("cutByTokens", () => {
  it("keeps a batch that fits whole and in order", () => {
    expect(cutByTokens([3, 1, 2], 6)).toEqual([Int32Array.of(0, 1, 2)]);
    expect(cutByTokens([3, 1, 2])).toEqual([Int32Array.of(0, 1, 2)]);
  });

  it("cuts a larger one by length, every row once, no part above the limit but a row of its own", () => {
    expect(cutByTokens([3, 1, 9, 2, 3], 5)).toEqual([
      Int32Array.of(1, 3),
      Int32Array.of(0),
      Int32Array.of(4),
      Int32Array.of(2),
    ]);
  });
});

describe("inParts", () => {
  it("gives each part the share of its rows, or of its terms", () => {
    expect(inParts([2, 2, 2], 4, noStep).map(({ share }) => share)).toEqual([2 / 3, 1 / 3]);
    expect(inParts([2, 2, 2], 4, noStep, [1, 0, 3]).map(({ share }) => share)).toEqual([0.25, 0.75]);
  });

  it("leaves out parts without a term", () => {
    expect(inParts([2, 2, 2], 4, noStep, [1, 2, 0]).map(({ share }) => share)).toEqual([1]);
  });
});

/** What needs more of the encoder than embeddings (a discriminator, a decoder, second derivatives): one part whatever its size. */
const inOnePart = new Set(["train-diffcse", "train-simbert", "train-sbert with a penalty"]);

describe("a batch in parts", () => {
  const engine = new OnnxEngine({ threads: 1 });
  afterAll(() => engine.close());

  const model = tinyBackbone();
  const whole = makeMethods(model);
  const cut = makeMethods(model, { ...tinyOptions, microBatchTokens: 30 });

  it("is refused where the loss is no mean over rows", () => {
    expect(() => cut["train-sbert with a penalty"]!(7, 24)).toThrow(
      "With a gradient penalty a batch cannot be computed in parts, but microBatchTokens is set.",
    );
  });

  async function gradientsOf(method: Method, step: number) {
    const { loss, gradients, observed, tokens } = await batchGradients(method, engine, startFrom(method.start))(step);
    return { loss, gradients: new Map([...gradients].map(([name, each]) => [name, copied(each)])), observed, tokens };
  }

  // Dropout is on: its counter sees a row's place in the whole batch, so both ways drop the same elements.
  // SimCSE's loss, in which all rows meet, has one part in pieces whose gradients are cached.
  it.each(Object.keys(whole).filter((name) => !inOnePart.has(name)))(
    "has the loss and the gradients of the whole in %s, to float32 rounding",
    async (name) => {
      const [one, several] = [whole[name]!(7, 24), cut[name]!(7, 24)];
      expect(piecesIn(several.parts(1))).toBeGreaterThan(2);
      const [expected, found] = [await gradientsOf(one, 1), await gradientsOf(several, 1)];
      expect(found.loss).toBeCloseTo(expected.loss, 6);
      expect(found.tokens).toBe(expected.tokens);
      for (const [series, value] of Object.entries(expected.observed))
        expect(found.observed[series]).toBeCloseTo(value, 6);
      expect([...found.gradients.keys()]).toEqual([...expected.gradients.keys()]);
      for (const [parameter, { rows, values }] of expected.gradients) {
        const other = found.gradients.get(parameter)!;
        expect(other.rows, parameter).toEqual(rows);
        // A few additions in another order; the floor is for the bias of keys, whose gradient is 0 but for rounding.
        expect(relativeError(other.values, values, 1e-2), parameter).toBeLessThan(2e-6);
      }
    },
  );
});

const piecesIn = (parts: ReadonlyArray<StepPart | CachedPart>): number =>
  parts.reduce((sum, part) => sum + ("prepare" in part ? 1 : part.pieces.length), 0);

const copied = (gradient: Gradient) =>
  gradient instanceof Float32Array
    ? { rows: undefined, values: gradient.slice() }
    : { rows: gradient.rows, values: gradient.values };
