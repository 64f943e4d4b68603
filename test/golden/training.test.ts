/**
 * Trainings on the record of PyTorch: gradients of the first update, losses of twenty, weights after them, from the same start
 * and the same batches, without dropout.
 *
 * Both sides compute in float32, in sums of another order. What that may cost is known from the record: PyTorch's own float32
 * is up to 1.0e-6 from float64 in a gradient, 1.6e-6 in a loss and 2.0e-6 in a gradient's norm, since updates carry rounding
 * on. Measured here, at the worst: gradients 2.1e-6 from float64; losses 1.6e-6, norms 3.2e-6 and weights 5.8e-7 from PyTorch's
 * float32. The bounds leave room for CPUs with other vector widths.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { train } from "../../src/training/train.ts";
import { relativeError } from "../kit/engineRig.ts";
import { firstGradients } from "../kit/stepGradients.ts";
import { digestOfProblem, floatsOf, problemOf, trackedCases, type TrainingRecord } from "./trainingProblem.ts";
import { preparedPart } from "../kit/wholeBatch.ts";

const gradientTolerance = 5e-6;
const lossTolerance = 5e-6;
const normTolerance = 1.5e-5;
const weightTolerance = 2e-6;

const recordOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`training.${name}.json`, import.meta.url), "utf8")) as TrainingRecord & {
    readonly problem: string;
  };

/**
 * The same to every key's score is nothing to a softmax: the true gradient is 0, and what is there is rounding, on both
 * sides. AdamW makes steps of either sign of it, which change no loss.
 */
const isWithoutEffect = (name: string): boolean => name.endsWith("attention.self.key.bias");

const farthest = (found: ArrayLike<number>, expected: ReadonlyArray<number>): number =>
  Math.max(...expected.map((value, i) => Math.abs(found[i]! - value) / Math.abs(value)));

const engines = { onnx: new OnnxEngine({ maxSessions: 64 }), cpu: new CpuEngine() };
afterAll(() => engines.onnx.close());
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };

describe.each(Object.entries(trackedCases()))("%s", (name, each) => {
  const record = recordOf(name);

  it("is the training that was recorded", () => {
    // If this fails because batches changed on purpose: `node test/golden/recordTraining.ts PYTHON`.
    expect(digestOfProblem(problemOf(each))).toBe(record.problem);
  });

  it.each(Object.keys(engines) as ReadonlyArray<keyof typeof engines>)(
    "has the gradient of every parameter that float64 gives, to 5e-6: %s",
    async (engine) => {
      const { loss, gradients } = await firstGradients(each.method, engines[engine]);
      expect(Math.abs(loss - record.losses64[0]!) / record.losses64[0]!).toBeLessThan(1e-6);
      expect([...gradients.keys()].sort()).toEqual(Object.keys(record.gradients).sort());
      for (const [parameter, gradient] of gradients) {
        const truth = floatsOf(record.gradients[parameter]!);
        if (!isWithoutEffect(parameter))
          expect(relativeError(gradient, truth, 0), parameter).toBeLessThan(gradientTolerance);
        else expect(Math.hypot(...gradient), parameter).toBeLessThan(1e-7 * record.gradientNorms64[0]!);
      }
    },
  );

  it("goes PyTorch's way for twenty updates: losses, gradient norms, weights", async () => {
    const { weights, curve } = await train(each.method, engines.onnx, each.options, quiet);
    const { loss, gradientNorm } = curve.series;
    expect(curve.step.length).toBe(20);
    for (const losses of [record.losses, record.losses64]) expect(farthest(loss!, losses)).toBeLessThan(lossTolerance);
    expect(farthest(gradientNorm!, record.gradientNorms)).toBeLessThan(normTolerance);
    expect([...weights.keys()].sort()).toEqual(Object.keys(record.weights!).sort());
    for (const [parameter, { values }] of weights)
      if (!isWithoutEffect(parameter))
        expect(relativeError(values, floatsOf(record.weights![parameter]!), 0), parameter).toBeLessThan(
          weightTolerance,
        );
  });
});

describe("the record", () => {
  it("leaves nothing out: a warm-up, both forms of AdamW, clipping, packed batches of unequal lengths, cut rows", () => {
    const { "mirror-bert": _, ...packed } = trackedCases();
    const cases = Object.values(packed);
    for (const { method } of cases)
      expect(Array.from({ length: 20 }, (_, step) => preparedPart(method.parts(step).at(-1)!).encodings[0].batch.shape.gathered)).toContain(true);
    const problems = cases.map((each) => problemOf(each));
    expect(new Set(problems.map(({ optimizer }) => (optimizer.rule === "adamw" ? optimizer.form : optimizer.rule)))).toEqual(new Set(["pytorch", "transformers"]));
    for (const { schedule, steps } of problems) {
      expect([schedule.warmupSteps, steps.length]).toEqual([4, 20]);
      for (const { rows } of steps) expect(new Set(rows.map(({ ids }) => ids.length)).size).toBeGreaterThan(2);
      expect(Math.max(...steps.flatMap(({ rows }) => rows.map(({ ids }) => ids.length)))).toBe(24);
    }
    expect(Math.max(...recordOf("bi-encoder").gradientNorms)).toBeGreaterThan(1);
    expect(Math.max(...recordOf("simcse-cls").gradientNorms)).toBeGreaterThan(1);
  });

  it("has texts filled up with padding that counts, beside texts that were cut", () => {
    const { schedule, steps, decayed, scheduleName } = problemOf(trackedCases()["mirror-bert"]!);
    expect([schedule.warmupSteps, scheduleName, decayed, steps.length]).toEqual([0, "constant", "all", 20]);
    const texts = steps.flatMap(({ rows }) => rows.map(({ ids }) => ids.filter((id) => id !== 0).length));
    expect(steps.every(({ rows }) => rows.length === 24 && rows.every(({ ids }) => ids.length === 24))).toBe(true);
    expect([Math.min(...texts), Math.max(...texts)]).toEqual([2, 24]);
    // Gradients are as long as they are: clipping would show.
    expect(Math.max(...recordOf("mirror-bert").gradientNorms)).toBeGreaterThan(1);
  });
});
