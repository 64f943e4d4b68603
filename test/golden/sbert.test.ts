/**
 * Sentence-BERT on the record of PyTorch: gradients of the first update, second derivatives included where there is a penalty, and
 * losses of twenty, weights after them, from the same start and the same batches, without dropout.
 *
 * Both sides compute in float32, in sums of another order. What that may cost is known from the record: PyTorch's own float32 is up
 * to 3.2e-6 from float64 in a gradient (triplet: differences of near distances), 1.8e-6 in a loss and 3.0e-6 in a gradient's norm.
 * Measured here, at the worst: gradients 2.7e-6 from float64 (with a penalty 1.4e-6); losses 2.3e-6, penalties 7.8e-7, norms 1.9e-6
 * and weights 1.7e-7 from PyTorch's float32. The bounds leave room for CPUs with other vector widths.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { train } from "../../src/training/train.ts";
import { relativeError } from "../kit/engineRig.ts";
import { firstGradients } from "../kit/stepGradients.ts";
import { digestOfProblem, problemOf, type recordIn, sbertCases } from "./sbertProblem.ts";
import { floatsOf } from "./trainingProblem.ts";

const gradientTolerance = 1e-5;
const lossTolerance = 1e-5;
const normTolerance = 1e-5;
const weightTolerance = 2e-6;

const recordOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`sbert.${name}.json`, import.meta.url), "utf8")) as ReturnType<typeof recordIn> & {
    readonly problem: string;
  };

/**
 * The same to every key's score is nothing to a softmax: the true gradient is 0, and what is there is rounding, on both
 * sides. Adam makes steps of either sign of it, which change no loss.
 */
const isWithoutEffect = (name: string): boolean => name.endsWith("attention.self.key.bias");

const farthest = (found: ArrayLike<number>, expected: ReadonlyArray<number>): number =>
  Math.max(...expected.map((value, i) => Math.abs(found[i]! - value) / Math.abs(value)));

const engines = { onnx: new OnnxEngine({ maxSessions: 64 }), cpu: new CpuEngine() };
afterAll(() => engines.onnx.close());
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };

describe.each(Object.entries(sbertCases()))("%s", (name, each) => {
  const record = recordOf(name);

  it("is the training that was recorded", () => {
    // If this fails because batches changed on purpose: `node test/golden/recordSbert.ts PYTHON`.
    expect(digestOfProblem(problemOf(each))).toBe(record.problem);
  });

  it.each(Object.keys(engines) as ReadonlyArray<keyof typeof engines>)(
    "has the gradient of every parameter that float64 gives, to 1e-5: %s",
    async (engine) => {
      const { loss, gradients } = await firstGradients(each.method, engines[engine]);
      expect(Math.abs(loss - record.losses64[0]!) / record.losses64[0]!).toBeLessThan(2e-6);
      expect([...gradients.keys()].sort()).toEqual(Object.keys(record.gradients).sort());
      for (const [parameter, gradient] of gradients) {
        const truth = floatsOf(record.gradients[parameter]!);
        if (!isWithoutEffect(parameter))
          expect(relativeError(gradient, truth, 0), parameter).toBeLessThan(gradientTolerance);
        else expect(Math.hypot(...gradient), parameter).toBeLessThan(1e-7 * record.gradientNorms64[0]!);
      }
    },
  );

  it("goes PyTorch's way for twenty updates: losses, penalties, gradient norms, weights", async () => {
    const { weights, curve } = await train(each.method, engines.onnx, each.options, quiet);
    const { loss, gradientNorm, penalty } = curve.series;
    expect(curve.step.length).toBe(20);
    for (const losses of [record.losses, record.losses64]) expect(farthest(loss!, losses)).toBeLessThan(lossTolerance);
    expect(farthest(gradientNorm!, record.gradientNorms)).toBeLessThan(normTolerance);
    if (each.options.penalty === undefined) expect(penalty).toBeUndefined();
    else expect(farthest(penalty!, record.penalties)).toBeLessThan(normTolerance);
    expect([...weights.keys()].sort()).toEqual(Object.keys(record.weights!).sort());
    for (const [parameter, { values }] of weights)
      if (!isWithoutEffect(parameter))
        expect(relativeError(values, floatsOf(record.weights![parameter]!), 0), parameter).toBeLessThan(
          weightTolerance,
        );
  });
});

describe("the record", () => {
  it("has penalties as large as losses, and words that come more than once", () => {
    for (const name of ["focal-penalty", "penalty-apart"]) {
      const { penalties, losses } = recordOf(name);
      expect(penalties[0]! / losses[0]!, name).toBeGreaterThan(0.05);
    }
    const [first] = problemOf(sbertCases()["focal-penalty"]!).steps;
    const words = first!.sides.flat(2);
    expect(new Set(words).size).toBeLessThan(words.length / 2);
  });
});
