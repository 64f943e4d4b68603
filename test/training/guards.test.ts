import { createHash } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { guardDefaults, type Reactions } from "../../src/training/guardOptions.ts";
import { collapsedGuard, divergedGuard, type Guard, stuckGuard, watchWith } from "../../src/training/guards.ts";
import type { Method } from "../../src/training/Method.ts";
import { biEncoder } from "../../src/training/methods/biEncoder.ts";
import { simCse } from "../../src/training/methods/simCse.ts";
import { train } from "../../src/training/train.ts";
import { type Standing, standingAtStart } from "../../src/training/trainingState.ts";
import { makeMethods, tinyBackbone, tinyOptions, tinyPairs, tinyScores, tinyTokens } from "./tinyModel.ts";
import { wholeBatch } from "../kit/wholeBatch.ts";

const onnx = new OnnxEngine();
afterAll(() => onnx.close());

const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };

/** Of its parameters, as they are now: a training changes them in place. */
function digestOf({ state }: Standing): string {
  const hash = createHash("sha256");
  for (const values of state.parameters.values()) hash.update(new Uint8Array(values.buffer));
  return hash.digest("hex");
}

describe("a watch", () => {
  const guard: Guard = {
    name: "stuck",
    patience: 3,
    isSuspect: ({ loss }) => loss === 7,
    tell: ({ step, loss }, since) => `${loss} since ${since}, now ${step}.`,
    hint: "Do better.",
  };
  const seen = (losses: ReadonlyArray<number>, reactions: Reactions) => {
    const watch = watchWith([guard], reactions);
    return losses.flatMap((loss, i) => watch.see({ step: i + 1, loss, gradientNorm: 1 }));
  };

  it("warns once, when the numbers have been suspect for long enough in a row", () => {
    expect(seen([7, 7, 1, 7, 7], { stuck: "warn" })).toEqual([]);
    expect(seen([1, 7, 7, 7, 7, 1, 7, 7, 7], { stuck: "warn" })).toEqual(["7 since 2, now 4. Do better."]);
  });

  it("ends the training where it is told to, and does not look where it is told not to", () => {
    expect(() => seen([1, 7, 7, 7], { stuck: "fail" })).toThrow("7 since 2, now 4.");
    expect(seen([7, 7, 7, 7], { stuck: "ignore" })).toEqual([]);
    expect(seen([7, 7, 7, 7], {})).toEqual([]);
  });

  it("doubts only what it may end, and goes on with the doubts of a checkpoint", () => {
    for (const [reaction, doubted] of [
      ["fail", true],
      ["warn", false],
    ] as const) {
      const watch = watchWith([guard], { stuck: reaction });
      expect(watch.isDoubted()).toBe(false);
      watch.see({ step: 5, loss: 7, gradientNorm: 1 });
      expect(watch.isDoubted()).toBe(doubted);
      expect(watch.doubts()).toEqual({ stuck: 5 });
      watch.see({ step: 6, loss: 1, gradientNorm: 1 });
      expect([watch.isDoubted(), watch.doubts()]).toEqual([false, {}]);
    }
    const resumed = watchWith([guard], { stuck: "warn" }, { stuck: 5 });
    expect(resumed.see({ step: 7, loss: 7, gradientNorm: 1 })).toEqual(["7 since 5, now 7. Do better."]);
    expect(resumed.tripped()).toEqual(["stuck"]);
  });
});

const at = { step: 12, loss: 2, gradientNorm: 1 };
const lookedAt = (step: number, uniformity?: number) =>
  collapsedGuard.isSuspect({ ...at, step, uniformity: () => uniformity });

describe("the guards", () => {
  it("know a loss or a gradient that is no number", () => {
    const guard = divergedGuard(() => 2.31456);
    expect([at, { ...at, loss: Number.NaN }, { ...at, gradientNorm: Infinity }].map(guard.isSuspect)).toEqual([
      false,
      true,
      true,
    ]);
    expect(guard.tell({ ...at, loss: Number.NaN }, 12)).toBe(
      "Training diverged at update 12: the loss is NaN, after a loss of 2.315.",
    );
    expect(divergedGuard(() => undefined).tell({ ...at, gradientNorm: Infinity }, 12)).toBe(
      "Training diverged at update 12: the gradient's norm is Infinity.",
    );
  });

  it("know a loss stuck at ln N, and embeddings that are all but equal", () => {
    const stuck = stuckGuard(Math.log(64));
    expect([4.158, 4.19, 4.21, 4.1].map((loss) => stuck.isSuspect({ ...at, loss }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([lookedAt(10, -0.001), lookedAt(10, -1.2), lookedAt(11, -0.001), lookedAt(10)]).toEqual([
      true,
      false,
      undefined,
      undefined,
    ]);
  });
});

describe("a training", () => {
  const collapsing = { ...tinyOptions, epochs: 30, temperature: 1e6, pooling: "cls" as const };
  const stuckAtLnN = () => simCse(tinyBackbone(), tinyTokens(16), collapsing, 1);

  it("warns of a loss that stays at ln N, naming the update it began at, and goes on", async () => {
    const warnings: Array<string> = [];
    const tripped: Array<object> = [];
    const watcher = {
      ...quiet,
      report: (_: object, now: object) => void tripped.push(now),
      warn: (message: string) => void warnings.push(message),
    };
    const { curve } = await train(stuckAtLnN(), onnx, collapsing, watcher);
    expect(curve.series["collapsedLoss"]![0]).toBeCloseTo(Math.log(8), 6);
    expect(curve.step.length).toBe(60);
    expect(warnings).toEqual([
      "The loss has stayed at 2.079, its value for embeddings that are all equal, since update 1 (2.079 at update 50): " +
        "the encoder has collapsed. Lower learningRate or raise batchSize.",
    ]);
    expect([tripped[48], tripped[49], tripped[59]]).toEqual([{}, { stuck: 1 }, { stuck: 1 }]);
  });

  it("ends there where the guard is set to fail", async () => {
    const options = { ...collapsing, guards: { ...guardDefaults, stuck: "fail" as const } };
    await expect(train(stuckAtLnN(), onnx, options, quiet)).rejects.toMatchObject({
      reason: "divergence",
      message:
        "The loss has stayed at 2.079, its value for embeddings that are all equal, since update 1 (2.079 at update 50): the encoder has collapsed.",
      hint: "Run again as it is, it ends there again. Lower learningRate or raise batchSize.",
    });
  });

  it("sees equal embeddings in every method that makes some", async () => {
    const flat = tinyBackbone();
    // No word, no place counts: whatever is read, the first row of types is all there is.
    for (const table of ["word", "position"]) flat.weights.get(`embeddings.${table}_embeddings.weight`)!.values.fill(0);
    const still = { ...tinyOptions, epochs: 20, learningRate: 1e-12, dropout: 0 };
    const makes: ReadonlyArray<() => Method> = [
      () => simCse(flat, tinyTokens(40), { ...still, temperature: 0.05, pooling: "mean" }, 1),
      () => biEncoder(flat, tinyPairs(40), tinyScores(40), "mean", still, 1),
    ];
    for (const make of makes) {
      const warnings: Array<string> = [];
      await train(make(), onnx, still, { ...quiet, warn: (message) => void warnings.push(message) });
      expect(warnings.at(-1)).toMatch(
        /^The embeddings of a batch have been all but equal since update 10 \(uniformity -?[\d.e-]+ at update 60, 0 is all equal\): the encoder has collapsed\. /,
      );
    }
  });
});

/** A training whose embeddings are said to be equal from update 30 on, so that the guard's patience is over at update 80. */
function collapsingAt30(): Method {
  const method = makeMethods()["train-bi-encoder"]!(1, 24);
  const steps = new WeakMap<object, number>();
  return {
    ...method,
    parts: (step) => {
      const prepared = wholeBatch(method, step);
      steps.set(prepared, step + 1);
      return [{ share: 1, prepare: () => prepared }];
    },
    uniformity: (_, prepared) => (steps.get(prepared)! >= 30 ? -0.001 : -2),
  };
}

describe("what is kept of a training that a guard ends", () => {
  const options = { ...tinyOptions, epochs: 40, guards: { ...guardDefaults, collapsed: "fail" as const } };
  const message =
    "The embeddings of a batch have been all but equal since update 30 (uniformity -0.001 at update 80, 0 is all equal): " +
    "the encoder has collapsed. Its state after update 29 is kept in here.";

  /** Trains to the end, which is a failure; gives what was kept last. */
  async function failing(from?: Standing, interruptAt?: number): Promise<{ kept: Standing; error: unknown }> {
    let kept: Standing | undefined;
    let done = 0;
    const watcher = {
      ...quiet,
      report: ({ step }: { readonly step: number }) => void (done = step),
      isInterrupted: () => done === interruptAt,
      keep: (standing: () => Standing, mustSave: boolean) => {
        if (mustSave) kept = standing();
        return "here";
      },
    };
    const error: unknown = await train(collapsingAt30(), onnx, options, watcher, from).catch((error: unknown) => error);
    return { kept: kept!, error };
  }

  it("is the state from before the guard began to suspect it, and it ends there again", async () => {
    const { kept, error } = await failing();
    expect(error).toMatchObject({ reason: "divergence", message });
    expect([kept.state.step, kept.curve.step.length, kept.doubts]).toEqual([29, 29, {}]);
    const { kept: at29 } = await failing(undefined, 29);
    const digest = digestOf(kept);
    expect(digestOf(at29)).toBe(digest);
    const again = await failing(kept);
    expect(again.error).toMatchObject({ message });
    expect([again.kept.state.step, digestOf(again.kept)]).toEqual([29, digest]);
  });

  it("is not replaced by an interruption in the meantime", async () => {
    const { kept, error } = await failing(undefined, 55);
    expect(error).toMatchObject({ reason: "interrupted" });
    expect(kept.state.step).toBe(29);
    expect((await failing(kept)).error).toMatchObject({ message });
  });

  it("is the state that a diverging update started from", async () => {
    const method = makeMethods()["train-simcse"]!(1, 24);
    const wild = { ...tinyOptions, learningRate: 1e30 };
    const kept: Array<Standing> = [];
    const keep = (standing: () => Standing, mustSave: boolean) => (mustSave ? void kept.push(standing()) : undefined);
    const from = standingAtStart(method.start);
    await expect(train(method, onnx, wild, { ...quiet, keep }, from)).rejects.toMatchObject({
      reason: "divergence",
      message: expect.stringMatching(
        /^Training diverged at update 2: the (loss|gradient's norm) is \w+, after a loss of [\d.]+\.$/,
      ),
    });
    expect(kept.map(({ state }) => state.step)).toEqual([1]);
  });
});
