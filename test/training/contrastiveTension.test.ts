import { afterAll, describe, expect, it } from "vitest";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { contrastiveTension, type ContrastiveTensionOptions } from "../../src/training/methods/contrastiveTension.ts";
import { fromCheckpoint, toCheckpoint } from "../../src/training/checkpoint.ts";
import { scheduleOf } from "../../src/training/schedule.ts";
import { tensionOptions } from "../../src/training/tensionForms.ts";
import { train } from "../../src/training/train.ts";
import { weightsUnder } from "../../src/training/trainedModel.ts";
import { captureState, startFrom, standingAtStart, trainedWeights } from "../../src/training/trainingState.ts";
import { trainingLoop } from "../../src/training/trainingLoop.ts";
import { sequencesOf } from "../kit/stepGradients.ts";
import { wholeBatch } from "../kit/wholeBatch.ts";
import { tinyBackbone, tinyTokens } from "./tinyModel.ts";

const engine = new OnnxEngine({ threads: 1 });
afterAll(() => engine.close());
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };
const model = tinyBackbone();

const fields = {
  pooling: "mean",
  negatives: 3,
  epochBatches: 50,
  scale: 20,
  similarity: "cosine",
  maxTokens: 16,
  learningRate: 1e-3,
  batchSize: 8,
  epochs: 10,
  maxSteps: 20,
} as const;
const code = tensionOptions({ ...fields, variant: "original" });
const library = tensionOptions({ ...fields, variant: "original", form: "library" });
const inBatch = tensionOptions({ ...fields, variant: "in-batch" });
const methodOf = (options: ContrastiveTensionOptions, rows = 40) =>
  contrastiveTension(model, tinyTokens(rows), options, 3);

describe("the forms of Contrastive Tension", () => {
  it("are the published settings, and a field that is given stands above them", () => {
    const published = {
      pooling: "mean",
      negatives: 7,
      epochBatches: 500,
      scale: 20,
      similarity: "cosine",
      maxTokens: 75,
    } as const;
    expect(tensionOptions({ ...published, variant: "original" })).toMatchObject({
      batchSize: 16,
      learningRate: 1e-5,
      optimizer: "rmsprop-keras",
      schedule: "stepwise",
      maxGradientNorm: 0,
      dropout: 0,
      reduction: "mean",
      sampling: "replacement",
    });
    const port = tensionOptions({ ...published, variant: "original", form: "library", batchSize: 32 });
    expect(port).toMatchObject({
      batchSize: 32,
      optimizer: "rmsprop",
      schedule: "linear",
      reduction: "sum",
      sampling: "pass",
    });
    expect(port).not.toHaveProperty("dropout");
    expect(tensionOptions({ ...published, variant: "in-batch" })).toMatchObject({
      batchSize: 128,
      optimizer: "adamw",
      learningRate: 5e-5,
      weightDecay: 0.01,
    });
  });

  it("have the authors' learning rates: a boundary belongs to the earlier one", () => {
    const { learningRate, factor } = scheduleOf(
      tensionOptions({ ...fields, variant: "original", learningRate: 1e-5, maxSteps: 5000 }),
      500,
    );
    const rates = [0, 1, 500, 501, 1000, 1001, 2001].map((step) =>
      Number((learningRate * factor(step)).toPrecision(9)),
    );
    expect(rates).toEqual([1e-5, 1e-5, 1e-5, 8e-6, 8e-6, 6e-6, 2e-6]);
  });
});

describe("contrastiveTension", () => {
  it("gives both encoders the positive sentence, and each its own of the negative ones", () => {
    const { encodings, feeds } = wholeBatch(methodOf(code));
    const [first, second] = encodings.map(({ batch }) => sequencesOf(batch).map(({ ids }) => ids.join()));
    const labels = feeds["labels"]!;
    labels.forEach((label, pair) => expect(first![pair] === second![pair]).toBe(label === 1));
    expect(encodings.map(({ parameters }) => parameters)).toEqual(["", "second."]);
  });

  it("drops nothing in the authors' form, and each encoder by itself in the library's", () => {
    expect(Object.keys(wholeBatch(methodOf(code)).feeds).filter((name) => name.includes("dropout"))).toEqual([]);
    // One text on both sides, so the masks alone make the difference.
    const { feeds } = wholeBatch(methodOf(inBatch));
    expect(feeds["batch.dropout.0"]!.length).toBe(feeds["second.dropout.0"]!.length);
    expect(feeds["batch.dropout.0"]).not.toEqual(feeds["second.dropout.0"]);
  });

  it.each([
    ["code", code, ["scoreOfSame", "scoreOfDifferent"]],
    ["library", library, ["scoreOfSame", "scoreOfDifferent"]],
    ["in-batch", inBatch, ["collapsedLoss", "scale"]],
  ] as const)("trains both encoders apart, and they learn: %s", async (_, options, series) => {
    const { weights, curve } = await train(methodOf(options), engine, options, quiet);
    expect(Object.keys(curve.series)).toEqual(expect.arrayContaining([...series]));
    const { loss } = curve.series;
    expect(loss!.at(-1)!).toBeLessThan(loss![0]!);
    const name = "encoder.layer.0.output.dense.weight";
    const second = weightsUnder(weights, "second.");
    expect([...second.keys()]).toEqual([...model.weights.keys()]);
    expect(second.get(name)!.values).not.toEqual(weights.get(name)!.values);
    for (const each of [second, weights]) expect(each.get(name)!.values).not.toEqual(model.weights.get(name)!.values);
  });

  it("trains the scale from ln 20 on, which decays as weights do", () => {
    const method = methodOf(inBatch);
    expect(method.start.get("logScale")!.values[0]).toBeCloseTo(Math.log(20), 6);
    expect(method.optimizer.decays("logScale")).toBe(true);
    expect(method.collapsedLoss).toBeCloseTo(Math.log(8), 12);
  });

  it("goes on from a checkpoint bit for bit, with both encoders and what the optimizer keeps of them", async () => {
    const method = methodOf(library);
    const schedule = scheduleOf(library, method.stepsPerEpoch);
    const run = async (state: ReturnType<typeof startFrom>, until: number) => {
      for await (const { step } of trainingLoop(method, engine, state, schedule, 1, () => {}))
        if (step === until) break;
      return state;
    };
    expect(schedule.totalSteps).toBe(20);
    const whole = await run(startFrom(method.start), schedule.totalSteps);
    const half = await run(startFrom(method.start), 2);
    const kept = toCheckpoint(
      { ...standingAtStart(method.start), state: captureState(half), curve: { step: Int32Array.of(1, 2), series: {} } },
      schedule.totalSteps,
    );
    const resumed = fromCheckpoint(kept, method.start, schedule.totalSteps)!;
    expect(trainedWeights(await run(resumed.state, schedule.totalSteps), method.start)).toEqual(
      trainedWeights(whole, method.start),
    );
  });

  it("refuses a pass over fewer sentences than a batch takes, and sentences of another tokenizer", () => {
    expect(() => methodOf(library, 13)).toThrow(
      'Port "sentences" has 13 sentences, but a batch of 8 pairs takes 14 that are not used twice.',
    );
    expect(() => contrastiveTension(model, { ...tinyTokens(40), tokenizer: "9".repeat(64) }, code, 3)).toThrow(
      /was tokenized with tokenizer 999999999999/,
    );
    expect(() => methodOf({ ...code, maxTokens: 100 })).toThrow(/positions for 24 tokens only/);
  });
});

describe("a batch of more tokens than microBatchTokens", () => {
  it.each([
    ["the drawn pairs", code],
    ["in-batch negatives", inBatch],
  ])("has the losses of the whole batch with %s, to rounding", async (_, options) => {
    const lossesOf = async (microBatchTokens?: number) => {
      const chosen = { ...options, maxSteps: 4, ...(microBatchTokens === undefined ? {} : { microBatchTokens }) };
      const method = methodOf(chosen);
      if (microBatchTokens !== undefined) expect(method.parts(0)[0]).toHaveProperty("pieces");
      return (await train(method, engine, chosen, quiet)).curve.series["loss"]!;
    };
    const whole = await lossesOf();
    (await lossesOf(30)).forEach((loss, i) => expect(loss).toBeCloseTo(whole[i]!, 5));
  });
});
