/** Trainings that look at a development set: when, what is kept, and that a stop changes nothing. */
import * as Effect from "effect/Effect";
import { afterAll, describe, expect, it } from "vitest";
import { type Checkpoint, CheckpointStore } from "../../src/core/Checkpoints.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { layerMemoryCheckpoints } from "../../src/store/checkpoints.ts";
import { fromCheckpoint, toCheckpoint } from "../../src/training/checkpoint.ts";
import { type DevGold, type DevInputs, withDevelopment } from "../../src/training/development.ts";
import type { Method } from "../../src/training/Method.ts";
import { resumableTraining } from "../../src/training/resumableTraining.ts";
import { train, type Trained } from "../../src/training/train.ts";
import { asBiEncoder, asCrossEncoder } from "../../src/training/trainedModel.ts";
import { standingAtStart } from "../../src/training/trainingState.ts";
import { pairsDigest, makeMethods, tinyBackbone, tinyOptions, tinyPairs } from "./tinyModel.ts";

const onnx = new OnnxEngine({ maxSessions: 64 });
afterAll(() => onnx.close());
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };

const model = tinyBackbone();
const options = { ...tinyOptions, epochs: 3, learningRate: 3e-3, schedule: "constant" as const };
const devPairs = tinyPairs(12);
const devGold: DevGold = {
  pairs: pairsDigest,
  scores: Float64Array.from({ length: 12 }, (_, row) => (row * 7) % 6),
  sets: Array.from({ length: 12 }, (_, row) => (row < 6 ? "one" : "other")),
};

const asEncoder = (weights: Weights) => asBiEncoder(model, weights, { pooling: "cls", maxTokens: 16 });
const looking = (settings: object = {}, inputs: DevInputs = { devPairs, devGold }): Method =>
  withDevelopment(
    makeMethods(model, options)["train-simcse"]!(3, 40),
    inputs,
    { devEvery: 2, keepBest: true, ...settings },
    asEncoder,
  );

/** The same look with given scores, one after the other. */
const scripted = (scores: ReadonlyArray<number>, keepBest = true): Method => {
  let looks = 0;
  const method = looking({ keepBest });
  const evaluate = () => Promise.resolve({ devSpearman: scores[looks++]!, devAlignment: 0, devUniformity: 0 });
  return { ...method, development: { ...method.development!, evaluate } };
};

const bytesOf = (weights: Weights) =>
  Array.from(weights.values(), ({ values }) => Buffer.from(values.buffer).toString("hex"));
const lookedAt = ({ curve }: Trained) =>
  Array.from(curve.step).filter((_, i) => !Number.isNaN(curve.series["devSpearman"]![i]!));
const weightsAfter = async (updates: number) =>
  bytesOf((await train(looking({ keepBest: false }), onnx, { ...options, maxSteps: updates }, quiet)).weights);

describe("a training with a development set", () => {
  it("looks every so many updates of an epoch and at its end, and changes nothing by that", async () => {
    const trained = await train(looking({ keepBest: false }), onnx, options, quiet);
    expect(trained.curve.step.length).toBe(15); // three epochs of five updates
    expect(lookedAt(trained)).toEqual([2, 4, 5, 7, 9, 10, 12, 14, 15]);
    const without = await train(looking({}, {}), onnx, options, quiet);
    expect(bytesOf(trained.weights)).toEqual(bytesOf(without.weights));
    expect(without.curve.series).not.toHaveProperty("devSpearman");
    for (const [name, values] of Object.entries(without.curve.series))
      expect(trained.curve.series[name]).toEqual(values);
  });

  it("tells Spearman × 100 as the mean over sets, alignment and uniformity of the encoder without its projection", async () => {
    const { curve } = await train(looking(), onnx, { ...options, maxSteps: 2 }, quiet);
    const { devSpearman, devAlignment, devUniformity } = curve.series;
    expect(Math.abs(devSpearman![1]!)).toBeLessThanOrEqual(100);
    expect(devAlignment![1]!).toBeGreaterThan(0);
    expect(devUniformity![1]!).toBeLessThan(0);
    const again = await looking().development!.evaluate(
      makeMethods(model, options)["train-simcse"]!(3, 40).start,
      onnx,
    );
    expect(Object.keys(again)).toEqual(["devSpearman", "devAlignment", "devUniformity"]);
  });

  it("keeps the weights of the best look, of equal ones the first", async () => {
    const best = await train(scripted([10, 30, 20, 30, 25, 1, 2, 3, 4]), onnx, options, quiet);
    expect(bytesOf(best.weights)).toEqual(await weightsAfter(4)); // the second look
    const last = await train(scripted([10, 30, 20, 30, 25, 1, 2, 3, 4], false), onnx, options, quiet);
    expect(bytesOf(last.weights)).toEqual(await weightsAfter(15));
  });

  it("looks at a cross-encoder's probabilities", async () => {
    const method = withDevelopment(
      makeMethods(model, options)["train-cross-encoder"]!(3, 16),
      { devPairs, devGold },
      { devEvery: 200, keepBest: true },
      (weights) => asCrossEncoder(model, weights, { maxTokens: 16 }),
    );
    const trained = await train(method, onnx, { ...options, maxSteps: 6 }, quiet);
    expect(lookedAt(trained)).toEqual([4, 6]);
    expect(trained.curve.series).not.toHaveProperty("devAlignment");
  });

  it("shows the newest numbers to whoever watches", async () => {
    const seen: Array<unknown> = [];
    const watcher = { ...quiet, report: ({ observed }: { observed: object }) => void seen.push(observed) };
    await train(scripted([10, 30]), onnx, { ...options, maxSteps: 4 }, watcher);
    expect(seen.map((observed) => (observed as { devSpearman?: number }).devSpearman)).toEqual([undefined, 10, 10, 30]);
  });
});

describe("stopped after every update and taken up again", () => {
  it("ends with the best weights and the curve of an undisturbed training, bit for bit", async () => {
    const whole = await train(looking(), onnx, options, quiet);
    const store = Effect.runSync(Effect.provide(Effect.service(CheckpointStore), layerMemoryCheckpoints()));
    const keeper = {
      everyMs: 0,
      load: () => Effect.runSync(Effect.orDie(store.load("f"))),
      save: (checkpoint: Checkpoint) => Effect.runSync(Effect.orDie(store.save("f", checkpoint))),
    };
    const watcher = { ...quiet, isInterrupted: () => true, resumed: () => {}, passedOver: () => expect.unreachable() };
    let ended: Trained | undefined;
    for (let turn = 0; turn < 20 && ended === undefined; turn++)
      ended = await resumableTraining(looking(), onnx, options, watcher, keeper).catch(() => undefined);
    expect(bytesOf(ended!.weights)).toEqual(bytesOf(whole.weights));
    expect(ended!.curve).toEqual(whole.curve);
  });

  it("takes no checkpoint whose best weights are damaged or missing", () => {
    const { start } = looking();
    const parameters = new Map([...start].map(([name, { values }]) => [name, values]));
    const standing = { ...standingAtStart(start), best: { step: 0, score: 12, parameters } };
    const sound = toCheckpoint(standing, 10);
    expect(fromCheckpoint(sound, start, 10)?.best).toEqual(standing.best);
    const [first] = start.keys();
    const without = new Map([...sound.tensors].filter(([name]) => name !== `best/${first}`));
    expect(fromCheckpoint({ ...sound, tensors: without }, start, 10)).toBeUndefined();
  });
});

describe("a development set that does not fit", () => {
  it.each([
    [{ devPairs }, 'Port "devPairs" is linked, but port "devGold" is not.'],
    [{ devGold }, 'Port "devGold" is linked, but port "devPairs" is not.'],
    [
      { devPairs: { ...devPairs, tokenizer: "9".repeat(64) }, devGold },
      'Port "devPairs" was tokenized with tokenizer 999999999999, but the model was made for 111111111111.',
    ],
    [
      { devPairs, devGold: { ...devGold, pairs: "7".repeat(64) } },
      'The gold on port "devGold" belongs to pairs 777777777777, but port "devPairs" has 222222222222.',
    ],
    [
      { devPairs, devGold: { ...devGold, scores: new Float64Array(0), sets: [] } },
      'Port "devGold" has no scores: there is no order to compare with.',
    ],
    [
      { devPairs, devGold: { ...devGold, scores: new Float64Array(12) } },
      'Port "devGold" has a set whose scores are all equal: there is no order to compare with.',
    ],
  ] as ReadonlyArray<readonly [DevInputs, string]>)("is named before the first update", (inputs, message) => {
    expect(() => looking({}, inputs)).toThrow(expect.objectContaining({ reason: "invalid", message }));
  });
});
