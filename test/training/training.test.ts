import { afterAll, describe, expect, it } from "vitest";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import type { EngineShape } from "../../src/engine/Engine.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import type { Method } from "../../src/training/Method.ts";
import type { TrainingOptions } from "../../src/training/options.ts";
import { scheduleOf } from "../../src/training/schedule.ts";
import { train } from "../../src/training/train.ts";
import { TrainingFailure } from "../../src/training/TrainingFailure.ts";
import { trainingLoop } from "../../src/training/trainingLoop.ts";
import { captureState, standingAtStart, startFrom } from "../../src/training/trainingState.ts";
import { makeMethods, tinyBackbone, tinyOptions } from "./tinyModel.ts";

const onnx = new OnnxEngine({ maxSessions: 32 });
afterAll(() => onnx.close());

const methods = makeMethods();
const names = Object.keys(methods);

const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };
const run = (method: Method, engine: EngineShape, options: TrainingOptions = tinyOptions) =>
  train(method, engine, options, quiet);
const bytesOf = (weights: Weights) =>
  Array.from(weights.values(), ({ values }) => Buffer.from(values.buffer).toString("hex"));
const mean = (values: Float32Array) => values.reduce((a, b) => a + b) / values.length;

describe.each(names)("%s", (name) => {
  const make = methods[name]!;

  it("gives the same bytes for the same seed and others for another", async () => {
    const [first, again, other] = [
      await run(make(1, 24), onnx),
      await run(make(1, 24), onnx),
      await run(make(2, 24), onnx),
    ];
    expect(bytesOf(again.weights)).toEqual(bytesOf(first.weights));
    expect(again.curve).toEqual(first.curve);
    expect(bytesOf(other.weights)).not.toEqual(bytesOf(first.weights));
  });

  it("goes on from a captured state as if it had not stopped", async () => {
    const whole = await run(make(3, 24), onnx, { ...tinyOptions, epochs: 2 });
    const method = make(3, 24);
    const schedule = scheduleOf({ ...tinyOptions, epochs: 2 }, method.stepsPerEpoch);
    const state = startFrom(method.start);
    let captured = captureState(state);
    for await (const { step } of trainingLoop(method, onnx, state, schedule, 1, () => {})) {
      if (step === 2) captured = captureState(state);
      if (step === 3) break; // what came after the copy is lost
    }
    const resumed = await train(make(3, 24), onnx, { ...tinyOptions, epochs: 2 }, quiet, {
      ...standingAtStart(method.start),
      state: captured,
    });
    expect(resumed.curve.step[0]).toBe(3);
    expect(bytesOf(resumed.weights)).toEqual(bytesOf(whole.weights));
  });

  it("learns: its loss falls", async () => {
    const options = { ...tinyOptions, epochs: 24, learningRate: 3e-3, dropout: 0 };
    const { curve } = await run(make(1, 40), onnx, options);
    const losses = curve.series["loss"]!;
    expect(mean(losses.slice(-10))).toBeLessThan(0.95 * mean(losses.slice(0, 3)));
  });
});

describe("the numbers of a training", () => {
  // To 4 digits, which every machine gives. Where these move, cached results are no longer what would be computed: raise
  // the stage's version, or the engine's arithmeticVersion where all of them move.
  it("are those on record", async () => {
    const losses: { [name: string]: ReadonlyArray<number> } = {};
    for (const name of names) {
      const { curve } = await run(methods[name]!(1, 24), onnx, { ...tinyOptions, maxSteps: 3 });
      losses[name] = Array.from(curve.series["loss"]!, (loss) => Math.round(loss * 1e4) / 1e4);
    }
    expect(losses).toMatchInlineSnapshot(`
      {
        "pretrain-mlm": [
          4.1196,
          4.1217,
          4.0619,
        ],
        "train-bi-encoder": [
          0.2604,
          0.1975,
          0.3237,
        ],
        "train-contrastive-tension": [
          3.9325,
          3.127,
          3.1071,
        ],
        "train-contrastive-tension, in-batch": [
          2.3245,
          2.6603,
          2.3318,
        ],
        "train-cross-encoder": [
          0.6928,
          0.6929,
          0.6948,
        ],
        "train-diffcse": [
          2.5368,
          2.8834,
          2.651,
        ],
        "train-mirror-bert": [
          2.1509,
          2.043,
          1.9112,
        ],
        "train-sbert": [
          0.243,
          0.245,
          0.2453,
        ],
        "train-sbert with a penalty": [
          0.5103,
          0.6094,
          0.5489,
        ],
        "train-simbert": [
          6.9764,
          5.7832,
          6.1847,
        ],
        "train-simcse": [
          2.2445,
          1.9563,
          2.2521,
        ],
        "train-simcse with hard negatives and masked words": [
          2.2714,
          1.8195,
          1.6516,
        ],
      }
    `);
  });
});

describe("train", () => {
  const make = methods["train-simcse"]!;

  it("says at which update a training diverged, and keeps the state before it", async () => {
    const method = make(1, 24);
    const from = standingAtStart(method.start);
    const { state } = from;
    state.parameters.get("embeddings.LayerNorm.weight")!.fill(Number.NaN);
    const failure: unknown = await train(method, onnx, tinyOptions, quiet, from).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TrainingFailure);
    expect(failure).toMatchObject({
      reason: "divergence",
      message: "Training diverged at update 1: the loss is NaN.",
      hint: "Run again as it is, it ends there again. Lower learningRate, or raise warmupRatio so that it rises more slowly.",
    });
    expect(state.step).toBe(0);
  });

  it("ends after the update in hand when interrupted", async () => {
    let reports = 0;
    const watcher = { ...quiet, report: () => void reports++, isInterrupted: () => reports === 2 };
    await expect(train(make(1, 40), onnx, tinyOptions, watcher)).rejects.toMatchObject({
      reason: "interrupted",
      message: "Training was interrupted after update 2 of 5.",
    });
  });

  it("follows the schedule: warm-up, then down to 0, capped by maxSteps", async () => {
    const options = { ...tinyOptions, warmupRatio: 0.5, maxSteps: 4 };
    const { curve } = await run(make(1, 80), onnx, options);
    expect(Array.from(curve.series["learningRate"]!, (rate) => Math.round(rate * 1e5) / 1e5)).toEqual([
      0, 5e-4, 1e-3, 5e-4,
    ]);
    expect(scheduleOf({ ...tinyOptions, epochs: 0.5 }, 10).totalSteps).toBe(5);
  });

  it("goes by the optimizer and the schedule that are chosen", async () => {
    const options = {
      ...tinyOptions,
      optimizer: "sgd" as const,
      schedule: "stepwise" as const,
      rateSteps: [
        { after: 0, factor: 0.5 },
        { after: 2, factor: 0.25 },
      ],
      maxGradientNorm: 0,
      maxSteps: 4,
    };
    const method = makeMethods(tinyBackbone(), options)["train-simcse"]!(1, 80);
    expect(method.optimizer.rule).toBe("sgd");
    const { curve } = await run(method, onnx, options);
    expect(Array.from(curve.series["learningRate"]!, (rate) => Math.round(rate * 1e6) / 1e6)).toEqual([
      1e-3, 5e-4, 5e-4, 2.5e-4,
    ]);
  });

  it.each([
    [
      { schedule: "stepwise" },
      "The schedule stepwise needs rateSteps.",
      "Set rateSteps, for example to [{ after: 500, factor: 0.8 }].",
    ],
    [{ schedule: "exponential" }, "The schedule exponential needs decayRate.", "Set decayRate, for example to 0.01."],
    [
      {
        schedule: "stepwise",
        rateSteps: [
          { after: 5, factor: 1 },
          { after: 5, factor: 0.5 },
        ],
      },
      "rateSteps go from update 5 to update 5, which is not later.",
      "Put them in rising order of `after`.",
    ],
    [
      { momentum: 0.9 },
      "momentum is 0.9, but the optimizer adamw has none.",
      "Set optimizer to sgd, or leave momentum out.",
    ],
    [
      { optimizer: "sgd", nesterov: true },
      "nesterov is true, but there is no momentum.",
      "Set momentum, for example to 0.9, or leave nesterov out.",
    ],
  ] as ReadonlyArray<readonly [Partial<TrainingOptions>, string, string]>)(
    "refuses before the first update what does not go together: %j",
    (chosen, message, hint) => {
      const options = { ...tinyOptions, ...chosen };
      expect(() => {
        const method = makeMethods(tinyBackbone(), options)["train-simcse"]!(1, 24);
        scheduleOf(options, method.stepsPerEpoch);
      }).toThrow(expect.objectContaining({ reason: "invalid", message, hint }));
    },
  );
});
