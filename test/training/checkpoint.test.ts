import * as Effect from "effect/Effect";
import { afterAll, describe, expect, it } from "vitest";
import { type Checkpoint, CheckpointStore } from "../../src/core/Checkpoints.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import type { Slot } from "../../src/nn/optim/UpdateRule.ts";
import type { Weights } from "../../src/nn/Weights.ts";
import { layerMemoryCheckpoints } from "../../src/store/checkpoints.ts";
import { fromCheckpoint, toCheckpoint } from "../../src/training/checkpoint.ts";
import { simCse } from "../../src/training/methods/simCse.ts";
import { optimizerNames } from "../../src/training/options.ts";
import { everySoOften, resumableTraining } from "../../src/training/resumableTraining.ts";
import { train, type Trained } from "../../src/training/train.ts";
import { standingAtStart } from "../../src/training/trainingState.ts";
import { makeMethods, tinyBackbone, tinyOptions, tinyTokens } from "./tinyModel.ts";

const onnx = new OnnxEngine({ maxSessions: 32 });
afterAll(() => onnx.close());

const methods = makeMethods();
const bytesOf = (weights: Weights) =>
  Array.from(weights.values(), ({ values }) => Buffer.from(values.buffer).toString("hex"));
const outputsOf = ({ weights, curve }: Trained) => ({ weights: bytesOf(weights), curve });
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };
const options = { ...tinyOptions, epochs: 2 };

/** Checkpoints as a store keeps them: bytes. */
function memory() {
  const layer = layerMemoryCheckpoints();
  const store = Effect.runSync(Effect.provide(Effect.service(CheckpointStore), layer));
  const saves: Array<number> = [];
  return {
    saves,
    keeper: {
      everyMs: 0,
      load: () => Effect.runSync(Effect.orDie(store.load("f"))),
      save: (checkpoint: Checkpoint) => {
        saves.push(checkpoint.done);
        return Effect.runSync(Effect.orDie(store.save("f", checkpoint)));
      },
    },
  };
}

describe.each(Object.keys(methods))("%s, interrupted after every update and taken up again", (name) => {
  const make = () => methods[name]!(3, 24);

  it("ends with the weights and the curve of an undisturbed training, bit for bit", async () => {
    const whole = await train(make(), onnx, options, quiet);
    const { keeper, saves } = memory();
    const resumedAt: Array<number> = [];
    let ended: Trained | undefined;
    for (let turn = 0; turn < 20 && ended === undefined; turn++) {
      const watcher = {
        ...quiet,
        isInterrupted: () => true,
        resumed: (done: number) => void resumedAt.push(done),
        passedOver: () => expect.unreachable(),
      };
      ended = await resumableTraining(make(), onnx, options, watcher, keeper).catch((error: unknown) => {
        expect(error).toMatchObject({ reason: "interrupted" });
        return undefined;
      });
    }
    const steps = whole.curve.step.length;
    expect(steps).toBeGreaterThan(4);
    expect(saves).toEqual(Array.from({ length: steps - 1 }, (_, i) => i + 1));
    expect(resumedAt).toEqual(saves);
    expect(outputsOf(ended!)).toEqual(outputsOf(whole));
  });
});

describe.each(optimizerNames)("the optimizer %s, interrupted after every update and taken up again", (optimizer) => {
  const chosen = {
    ...options,
    optimizer,
    ...(optimizer === "sgd" ? { momentum: 0.9 } : {}),
    schedule: "cosine" as const,
    warmupRatio: 0.2,
  };
  const make = () => makeMethods(tinyBackbone(), chosen)["train-bi-encoder"]!(3, 24);

  it("ends with the bytes of an undisturbed training", async () => {
    const whole = await train(make(), onnx, chosen, quiet);
    const { keeper, saves } = memory();
    const watcher = { ...quiet, isInterrupted: () => true, resumed: () => {}, passedOver: () => expect.unreachable() };
    let ended: Trained | undefined;
    for (let turn = 0; turn < 20 && ended === undefined; turn++)
      ended = await resumableTraining(make(), onnx, chosen, watcher, keeper).catch(() => undefined);
    expect(saves.length).toBe(whole.curve.step.length - 1);
    expect(outputsOf(ended!)).toEqual(outputsOf(whole));
  });
});

describe("a resumed training", () => {
  it("saves when it is due, and never after the last update", async () => {
    const { keeper, saves } = memory();
    const watcher = { ...quiet, resumed: () => expect.unreachable(), passedOver: () => expect.unreachable() };
    await resumableTraining(methods["train-simcse"]!(1, 24), onnx, tinyOptions, watcher, keeper);
    expect(saves).toEqual([1, 2]);
    await resumableTraining(
      methods["train-simcse"]!(1, 24),
      onnx,
      tinyOptions,
      { ...watcher, resumed: () => {} },
      {
        ...keeper,
        everyMs: 3_600_000,
      },
    );
    expect(saves).toEqual([1, 2]);
  });

  it("starts from the beginning, and says so, where the checkpoint does not fit", async () => {
    const method = methods["train-simcse"]!(1, 24);
    const { keeper } = memory();
    keeper.save(toCheckpoint(standingAtStart(method.start), 77));
    let passedOver = 0;
    const watcher = { ...quiet, resumed: () => expect.unreachable(), passedOver: () => void passedOver++ };
    const trained = await resumableTraining(method, onnx, tinyOptions, watcher, keeper);
    expect(passedOver).toBe(1);
    expect(trained.curve.step[0]).toBe(1);
  });

  it("knows a collapse that began before the stop", async () => {
    const collapsing = { ...tinyOptions, epochs: 30, temperature: 1e6, pooling: "cls" as const };
    const make = () => simCse(tinyBackbone(), tinyTokens(16), collapsing, 1);
    const { keeper, saves } = memory();
    const tripped: Array<object> = [];
    const warnings: Array<string> = [];
    const watcher = {
      report: (_: object, now: object) => void tripped.push(now),
      warn: (message: string) => void warnings.push(message),
      isInterrupted: () => tripped.length === 48,
      resumed: () => {},
      passedOver: () => expect.unreachable(),
    };
    const once = () => resumableTraining(make(), onnx, collapsing, watcher, { ...keeper, everyMs: 3_600_000 });
    await expect(once()).rejects.toMatchObject({ reason: "interrupted" });
    expect(saves).toEqual([48]);
    expect(warnings).toEqual([]);
    await once();
    expect([tripped[48], tripped[49]]).toEqual([{}, { stuck: 1 }]);
    expect(warnings).toEqual([
      "The loss has stayed at 2.079, its value for embeddings that are all equal, since update 1 (2.079 at update 50): " +
        "the encoder has collapsed. Lower learningRate or raise batchSize.",
    ]);
  });
});

describe("fromCheckpoint", () => {
  const { start } = methods["train-bi-encoder"]!(1, 24);
  const sound = toCheckpoint(standingAtStart(start), 10);
  const without = (name: string) => new Map([...sound.tensors].filter(([each]) => each !== name));
  const [first] = start.keys();

  it("takes what fits", () => {
    expect(fromCheckpoint(sound, start, 10)?.state.step).toBe(0);
  });

  it("has AdamW's form of before there were other optimizers, and names what others keep", () => {
    const standing = standingAtStart(start);
    const values = new Float32Array(start.get(first!)!.values.length).fill(0.5);
    const keep = (...slots: ReadonlyArray<Slot>) => {
      standing.state.optimizer.memory.set(first!, { slots: new Map(slots.map((slot) => [slot, values])) });
      return toCheckpoint(standing, 10);
    };
    const older = keep("first", "second");
    expect(Object.keys(older.facts)).toEqual(["format", "total", "optimizerStep", "doubts"]);
    expect([...older.tensors.keys()]).toContain(`first/${first}`);
    expect(fromCheckpoint(older, start, 10)?.state.optimizer).toEqual(standing.state.optimizer);
    const newer = keep("velocity");
    expect(newer.facts["slots"]).toEqual(["velocity"]);
    expect(fromCheckpoint(newer, start, 10)?.state.optimizer).toEqual(standing.state.optimizer);
  });

  it.each([
    ["another length of the training", sound, 11],
    ["another format", { ...sound, facts: { ...sound.facts, format: 0 } }, 10],
    ["a parameter that is missing", { ...sound, tensors: without(`parameter/${first}`) }, 10],
    [
      "a parameter too many",
      { ...sound, tensors: new Map([...sound.tensors, ["parameter/x", new Float32Array(1)]]) },
      10,
    ],
    [
      "another size",
      { ...sound, tensors: new Map([...sound.tensors, [`parameter/${first}`, new Float32Array(1)]]) },
      10,
    ],
    [
      "half of the moments",
      { ...sound, tensors: new Map([...sound.tensors, [`first/${first}`, start.get(first!)!.values]]) },
      10,
    ],
    ["a curve that is shorter than the training", { ...sound, done: 3 }, 10],
    ["no curve", { ...sound, tensors: without("step") }, 10],
  ] as ReadonlyArray<readonly [string, Checkpoint, number]>)("refuses %s", (_, checkpoint, total) => {
    expect(fromCheckpoint(checkpoint, start, total)).toBeUndefined();
  });
});

describe("everySoOften", () => {
  it("waits its time, longer where a save takes long, and not at all with 0", () => {
    let nowMs = 0;
    const due = everySoOften(1000, () => nowMs);
    expect(due.now()).toBe(false);
    nowMs = 1000;
    expect(due.now()).toBe(true);
    due.time(() => (nowMs += 10));
    nowMs += 999;
    expect(due.now()).toBe(false);
    nowMs += 1;
    due.time(() => (nowMs += 200));
    nowMs += 3999;
    expect(due.now()).toBe(false);
    nowMs += 1;
    expect(due.now()).toBe(true);
    const always = everySoOften(0, () => nowMs);
    always.time(() => (nowMs += 500));
    expect(always.now()).toBe(true);
  });
});
