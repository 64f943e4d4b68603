import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import { afterAll } from "vitest";
import pretrainMlm from "../../stages/pretrain-mlm.ts";
import pseudoLabel from "../../stages/pseudo-label.ts";
import trainBiEncoder from "../../stages/train-bi-encoder.ts";
import trainCrossEncoder from "../../stages/train-cross-encoder.ts";
import trainSbert from "../../stages/train-sbert.ts";
import trainSimcse from "../../stages/train-simcse.ts";
import { BiEncoder, CosineScores, CrossEncoder, ProbabilityScores } from "../../src/artifact/index.ts";
import { resolveOutputType, typeLabel } from "../../src/core/ArtifactType.ts";
import type { Json } from "../../src/core/canonicalJson.ts";
import { keyPartsOf } from "../../src/core/fingerprint.ts";
import { type AnyStage, Progress, type ProgressReport } from "../../src/core/Stage.ts";
import { Engine } from "../../src/engine/Engine.ts";
import { scorePairs } from "../../src/inference/score.ts";
import { spearman } from "../../src/metrics/index.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { contrastiveTensionSteps } from "../../src/nn/optim/stepwiseSchedule.ts";
import { trainingOptions } from "../../src/training/options.ts";
import { graphOf } from "../kit/graphs.ts";
import { testEngine } from "../kit/runEvents.ts";
import { tinyBackbone, tinyGold, tinyPairs, tinyScores, tinyTokens, topicSentences } from "../training/tinyModel.ts";

const onnx = new OnnxEngine();
afterAll(() => onnx.close());

const reports: Array<ProgressReport> = [];
const services = (isInterrupted = () => false) =>
  Layer.mergeAll(
    Layer.succeed(Engine, onnx),
    Layer.succeed(Progress, { report: (report) => void reports.push(report), isInterrupted }),
  );

const context = <Config, Inputs>(config: Config, inputs: Inputs) => ({
  config,
  inputs,
  inputDigests: {},
  seed: 2021,
  files: {},
});
const small = { batchSize: 8, maxTokens: 16 };
const decode = <Config>(stage: { readonly config: Schema.Codec<Config, unknown> }, given: object): Config =>
  Schema.decodeUnknownSync(stage.config)(given);

const model = tinyBackbone();
const failureOf = <A, E>(effect: Effect.Effect<A, E, Engine | Progress>, isInterrupted?: () => boolean) =>
  Effect.flip(effect).pipe(Effect.provide(services(isInterrupted)));

const defaults = (stage: AnyStage) => Schema.decodeUnknownSync(stage.config)({});

/** Settings as the key has them. */
function keyed(stage: AnyStage, settings: object): { readonly [field: string]: Json } {
  const encoded = Schema.encodeUnknownSync(stage.config)(decode(stage, settings)) as { [field: string]: Json };
  // Cast: the links are of no interest here, and every stage has some.
  const [step] = graphOf([{ id: "a", uses: { ...stage, outputs: {} } as AnyStage, with: encoded }]).steps;
  return keyPartsOf(step!, { inputs: {}, files: {}, engine: testEngine }).config as { [field: string]: Json };
}

describe("the training stages", () => {
  it("have the published settings as defaults", () => {
    const shared = { maxGradientNorm: 1, schedule: "linear", decayed: "weights", momentum: 0, nesterov: false };
    const [ofTrainer, ofTransEncoder] = [{ optimizer: "adamw" }, { optimizer: "adamw-transformers" }];
    const [diverged, warn] = ["fail", "warn"];
    assert.deepStrictEqual(defaults(trainSimcse), {
      ...shared,
      ...ofTrainer,
      guards: { diverged, stuck: warn, collapsed: warn },
      devEvery: 125,
      keepBest: true,
      temperature: 0.05,
      pooling: "cls",
      hardNegativeWeight: 0,
      mlmWeight: 0,
      maskRatio: 0.15,
      batchSize: 64,
      learningRate: 3e-5,
      epochs: 1,
      warmupRatio: 0,
      weightDecay: 0,
      maxTokens: 32,
    });
    assert.deepStrictEqual(defaults(trainCrossEncoder), {
      ...shared,
      devEvery: 200,
      keepBest: true,
      ...ofTransEncoder,
      guards: { diverged, labels: warn },
      loss: "bce",
      labels: "cosine-raw",
      bothOrders: true,
      batchSize: 32,
      learningRate: 2e-5,
      epochs: 1,
      warmupRatio: 0.1,
      weightDecay: 0.01,
      maxTokens: 64,
    });
    assert.deepStrictEqual(defaults(trainBiEncoder), {
      ...shared,
      devEvery: 200,
      keepBest: true,
      ...ofTransEncoder,
      guards: { diverged, collapsed: warn, labels: warn },
      loss: "mse",
      batchSize: 128,
      learningRate: 5e-5,
      epochs: 10,
      warmupRatio: 0,
      weightDecay: 0.01,
      maxTokens: 32,
    });
    assert.deepStrictEqual(defaults(pretrainMlm), {
      ...shared,
      ...ofTransEncoder,
      guards: { diverged },
      maskRatio: 0.15,
      wordHead: false,
      pooling: "mean",
      batchSize: 256,
      learningRate: 1e-4,
      epochs: 1,
      warmupRatio: 0.01,
      weightDecay: 0.01,
      maxTokens: 128,
    });
  });

  it("have Sentence-BERT's settings for NLI as defaults of train-sbert", () => {
    assert.deepInclude(defaults(trainSbert), {
      objective: "softmax",
      towers: "shared",
      pooling: "mean",
      concatenation: "u,v,|u-v|",
      classifierSize: 0,
      classifierDropout: 0,
      focalGamma: 0,
      focalAlpha: 1,
      gradientPenalty: 0,
      penaltyForm: "dense",
      margin: 1,
      highestScore: 5,
      batchSize: 16,
      epochs: 1,
      optimizer: "adam",
      schedule: "linear",
      learningRate: 2e-5,
      warmupRatio: 0.1,
      weightDecay: 0,
      maxGradientNorm: 1,
      maxTokens: 128,
    });
  });

  it("describe every field of their config, and refuse values out of range", () => {
    for (const stage of [
      trainSimcse,
      trainCrossEncoder,
      trainBiEncoder,
      trainSbert,
      pretrainMlm,
    ] as ReadonlyArray<AnyStage>) {
      const { properties } = Schema.toJsonSchemaDocument(stage.config).schema as unknown as {
        readonly properties: { readonly [field: string]: { readonly description?: string } };
      };
      for (const [field, { description }] of Object.entries(properties))
        assert.match(description ?? "", /Default/, `${stage.name}.${field}`);
    }
    assert.throws(() => decode(trainSimcse, { temperature: 0 }), /greater than 0/);
    assert.throws(() => decode(trainSimcse, { batchSize: 1 }), /greater than or equal to 2/);
    assert.throws(() => decode(trainBiEncoder, { dropout: 1 }), /between 0 and 1 \(excluded\)/);
    assert.throws(() => decode(trainBiEncoder, { optimizer: "lion" }), /"adamw-transformers"/);
    assert.throws(() => decode(trainBiEncoder, { maxGradientNorm: -1 }), /greater than or equal to 0/);
  });

  it("have the keys of before there was a choice of optimizer and schedule, but where another is chosen", () => {
    const since = ["schedule", "rateSteps", "decayRate", "optimizer", "momentum", "nesterov", "decayed"].concat([
      "hardNegativeWeight",
      "mlmWeight",
    ]);
    for (const stage of [trainSimcse, trainCrossEncoder, trainBiEncoder, pretrainMlm] as ReadonlyArray<AnyStage>)
      assert.doesNotHaveAnyKeys(keyed(stage, {}), since);
    assert.doesNotHaveAnyKeys(keyed(trainSimcse, {}), ["maskRatio", "devEvery", "keepBest"]);
    assert.doesNotHaveAnyKeys(keyed(trainCrossEncoder, {}), ["devEvery", "keepBest"]);
    assert.deepInclude(keyed(trainBiEncoder, { devEvery: 10, keepBest: false }), { devEvery: 10, keepBest: false });
    const chosen = { optimizer: "sgd", momentum: 0.9, nesterov: true, schedule: "cosine", decayed: "all" };
    assert.deepInclude(keyed(trainSimcse, chosen), chosen);
    assert.deepInclude(keyed(trainBiEncoder, { optimizer: "adamw" }), { optimizer: "adamw" });
    const steps = { schedule: "stepwise", rateSteps: [{ after: 500, factor: 0.8 }] };
    assert.deepInclude(keyed(pretrainMlm, steps), steps);
  });

  it("may have an optimizer and a schedule of their own, as Contrastive Tension has", () => {
    const own = {
      batchSize: 16,
      learningRate: 1e-5,
      epochs: 1,
      warmupRatio: 0,
      weightDecay: 0,
      maxTokens: 75,
      optimizer: "rmsprop-keras" as const,
      schedule: "stepwise" as const,
      rateSteps: contrastiveTensionSteps,
      maxGradientNorm: 0,
      source: "Contrastive Tension",
    };
    const config = Schema.Struct(trainingOptions(own, "Pairs", 1, 3));
    const { optimizer, schedule, rateSteps, maxGradientNorm } = own;
    assert.deepInclude(Schema.decodeUnknownSync(config)({}), { optimizer, schedule, rateSteps, maxGradientNorm });
    const given = { rateSteps: [{ after: 1, factor: 2 }] };
    assert.deepInclude(Schema.decodeUnknownSync(config)(given), given);
  });

  it("list the poolings there are where one is none of them", () => {
    const valid = '"cls" | "mean" | "max" | "first-last" | "mean-with-padding" | "cls-before-pooler"';
    assert.throws(() => decode(trainSimcse, { pooling: "average" }), `Expected ${valid}`);
    assert.throws(
      () => decode(trainSimcse, { pooling: "cls-before-pooler", projection: true }),
      "projection is true, but pooling cls-before-pooler has none: set pooling to cls",
    );
  });

  it.effect("look at a development set where one is linked", () =>
    Effect.gen(function* () {
      const devPairs = tinyPairs(12);
      const devGold = {
        pairs: devPairs.pairs,
        scores: Float64Array.from({ length: 12 }, (_, row) => row),
        sets: Array.from({ length: 12 }, () => "dev"),
      };
      const settings = { ...small, devEvery: 1 };
      const inputs = { model, pairs: tinyPairs(24), scores: tinyScores(24), devPairs, devGold };
      const bi = yield* trainBiEncoder.run(context(decode(trainBiEncoder, { ...settings, epochs: 1 }), inputs));
      assert.containsAllKeys(bi.curve.series, ["devSpearman", "devAlignment", "devUniformity"]);
      const cross = yield* trainCrossEncoder.run(context(decode(trainCrossEncoder, settings), inputs));
      assert.containsAllKeys(cross.curve.series, ["devSpearman", "labelEntropy"]);
      const given = { model, sentences: tinyTokens(16), devPairs, devGold };
      const simcse = yield* trainSimcse.run(context(decode(trainSimcse, settings), given));
      assert.isFalse(simcse.curve.series["devSpearman"]!.some(Number.isNaN));
    }).pipe(Effect.provide(services())),
  );

  it.effect("train with [CLS] as it is, and with triples", () =>
    Effect.gen(function* () {
      const sentences = tinyTokens(16);
      const run = (settings: object, more = {}) =>
        trainSimcse.run(context(decode(trainSimcse, { ...small, ...settings }), { model, sentences, ...more }));
      const [bare, projected, named] = [
        yield* run({ pooling: "cls", projection: false }),
        yield* run({ pooling: "cls" }),
        yield* run({ pooling: "cls-before-pooler" }),
      ];
      assert.strictEqual(named.encoder.pooling, "cls");
      assert.deepStrictEqual(named.curve, bare.curve);
      assert.notDeepEqual(named.curve, projected.curve);
      const triples = yield* run(
        { pooling: "first-last", mlmWeight: 0.1 },
        { positives: tinyTokens(16), negatives: { ...sentences, ids: topicSentences(16, "negatives") } },
      );
      assert.strictEqual(triples.encoder.pooling, "first-last");
      assert.containsAllKeys(triples.curve.series, ["mlmLoss", "contrastiveLoss", "alignment", "collapsedLoss"]);
    }).pipe(Effect.provide(services())),
  );

  it("have the keys of before they had guards, but where a guard is set to what it was not", () => {
    for (const stage of [trainSimcse, trainCrossEncoder, trainBiEncoder, pretrainMlm] as ReadonlyArray<AnyStage>)
      assert.notProperty(keyed(stage, {}), "guards");
    assert.notProperty(keyed(pretrainMlm, {}), "wordHead");
    assert.deepStrictEqual(keyed(trainSimcse, { guards: { stuck: "fail", collapsed: "warn" } })["guards"], {
      stuck: "fail",
    });
    assert.deepStrictEqual(keyed(trainBiEncoder, { guards: { labels: "ignore" } })["guards"], { labels: "ignore" });
    assert.throws(() => decode(pretrainMlm, { guards: { diverged: "warn" } }), /"fail"/);
  });

  it("have a loss in their keys as ever, and take those that papers compare them with", () => {
    assert.strictEqual(keyed(trainCrossEncoder, {})["loss"], "bce");
    assert.strictEqual(keyed(trainBiEncoder, {})["loss"], "mse");
    assert.strictEqual(keyed(trainCrossEncoder, { loss: "softmax" })["loss"], "softmax");
    assert.throws(() => decode(trainCrossEncoder, { loss: "hinge" }), /"bce" | "mse" | "log-cosh" | "softmax"/);
    assert.throws(() => decode(trainBiEncoder, { loss: "softmax" }), /"mse" | "bce" | "log-cosh"/);
  });

  it.effect("run one after the other as the main job links them", () =>
    Effect.gen(function* () {
      const pairs = tinyPairs(24);
      const pretrained = yield* pretrainMlm.run(
        context(decode(pretrainMlm, small), { model, sentences: tinyTokens(24) }),
      );
      assert.strictEqual(pretrained.encoder.pooling, "mean");
      const first = yield* trainSimcse.run(
        context(decode(trainSimcse, small), { model: pretrained.model, sentences: tinyTokens(24) }),
      );
      const labels = yield* pseudoLabel.run(context(decode(pseudoLabel, {}), { pairs, encoder: first.encoder }));
      assert.strictEqual(labels.scores.range, "cosine");
      const cross = yield* trainCrossEncoder.run(
        context(decode(trainCrossEncoder, small), { model: pretrained.model, pairs, scores: labels.scores }),
      );
      const scores = yield* pseudoLabel.run(context(decode(pseudoLabel, {}), { pairs, encoder: cross.encoder }));
      assert.strictEqual(scores.scores.range, "probability");
      assert.strictEqual(scores.scores.pairs, pairs.pairs);
      const student = yield* trainBiEncoder.run(
        context(decode(trainBiEncoder, { ...small, epochs: 2 }), {
          model: first.encoder,
          pairs,
          scores: scores.scores,
        }),
      );
      // the pooling is the starting model's; heads stay behind, but a cross-encoder's own
      assert.strictEqual(student.encoder.pooling, "cls");
      assert.deepStrictEqual([...student.encoder.weights.keys()], [...model.weights.keys()]);
      assert.isTrue(cross.encoder.weights.has("classifier.weight"));
      assert.deepStrictEqual([...student.curve.step], [1, 2, 3, 4, 5, 6]);
      assert.deepStrictEqual(Object.keys(first.curve.series), [
        "loss",
        "collapsedLoss",
        "learningRate",
        "gradientNorm",
        "alignment",
        "uniformity",
      ]);
      assert.deepInclude(reports.at(-1), { done: 6, total: 6, unit: "steps" });
      assert.containsAllKeys(reports.at(-1)!.metrics, ["loss", "learningRate", "tokensPerSecond"]);
    }).pipe(Effect.provide(services())),
  );

  it.effect("train one tower for both sides of a pair, or two that start equal", () =>
    Effect.gen(function* () {
      const given = { model, pairs: tinyPairs(24), gold: tinyGold(24, [0, 2.5, 5]) };
      const absent = { anchors: undefined, positives: undefined, negatives: undefined };
      const dev = { devPairs: tinyPairs(20), devGold: tinyGold(20, [0, 5, 2, 1]) };
      const settings = { ...small, objective: "regression", learningRate: 1e-3 };
      const trained = (towers: string) =>
        trainSbert.run(context(decode(trainSbert, { ...settings, towers }), { ...given, ...absent, ...dev }));
      const shared = yield* trained("shared");
      assert.strictEqual(shared.second, shared.encoder);
      assert.containsAllKeys(shared.curve.series, ["devSpearman", "devUniformity"]);
      assert.deepStrictEqual([...shared.encoder.weights.keys()], [...model.weights.keys()]);
      const apart = yield* trained("apart");
      assert.deepStrictEqual([...apart.second.weights.keys()], [...model.weights.keys()]);
      for (const [name, { values }] of apart.second.weights) {
        if (name.endsWith("key.bias")) continue; // its gradient is 0 but for rounding
        assert.notDeepEqual(values, apart.encoder.weights.get(name)!.values, name);
        assert.notDeepEqual(values, model.weights.get(name)!.values, name);
      }
      // looked at, and kept, as the two towers they are
      const cosines = yield* Effect.promise(() => scorePairs(apart.encoder, dev.devPairs, onnx, {}, apart.second));
      const looks = Array.from(apart.curve.series["devSpearman"]!).filter(Number.isFinite);
      assert.approximately(100 * spearman(dev.devGold.scores, cosines), Math.max(...looks), 1e-3);
    }).pipe(Effect.provide(services())),
  );

  it.effect("give a cross-encoder of one logit, as any other, where two classes taught it", () =>
    Effect.gen(function* () {
      const inputs = { model, pairs: tinyPairs(24), scores: tinyScores(24) };
      const { encoder } = yield* trainCrossEncoder.run(
        context(decode(trainCrossEncoder, { ...small, loss: "softmax", bothOrders: false }), inputs),
      );
      assert.deepStrictEqual(encoder.weights.get("classifier.weight")!.shape, [1, model.config.hiddenSize]);
      const read = yield* Effect.promise(async () => CrossEncoder.decode(await CrossEncoder.encode(encoder)));
      const labels = context(decode(pseudoLabel, {}), { pairs: inputs.pairs, encoder: read });
      const { scores } = yield* pseudoLabel.run(labels);
      assert.isTrue(scores.values.every((score) => score > 0 && score < 1));
    }).pipe(Effect.provide(services())),
  );

  it.effect("fail by name where tokens are another tokenizer's", () =>
    Effect.gen(function* () {
      const sentences = { ...tinyTokens(4), tokenizer: "8".repeat(64) };
      const failure = yield* failureOf(trainSimcse.run(context(decode(trainSimcse, small), { model, sentences })));
      assert.deepInclude(failure, {
        _tag: "StageFailure",
        cause: "stage-error",
        message: 'Port "sentences" was tokenized with tokenizer 888888888888, but the model was made for 111111111111.',
        hint: "Tokenize with the tokenizer of the step that made the model: its port `tokenizer`.",
      });
    }),
  );

  it.effect("end with the cause `interrupted` when the driver asks", () =>
    Effect.gen(function* () {
      const inputs = { model, pairs: tinyPairs(24), scores: tinyScores(24) };
      const failure = yield* failureOf(trainBiEncoder.run(context(decode(trainBiEncoder, small), inputs)), () => true);
      assert.deepInclude(failure, { cause: "interrupted", message: "Training was interrupted after update 1 of 30." });
    }),
  );
});

const typeOf = (encoder: typeof BiEncoder | typeof CrossEncoder) =>
  typeLabel(resolveOutputType(pseudoLabel.outputs.scores, { encoder })!);

describe("pseudo-label", () => {
  it("has scores of the encoder's range as output type", () => {
    assert.strictEqual(typeOf(BiEncoder), typeLabel(CosineScores));
    assert.strictEqual(typeOf(CrossEncoder), typeLabel(ProbabilityScores));
  });

  it.effect("refuses pairs of another tokenizer", () =>
    Effect.gen(function* () {
      const encoder: BiEncoder = { ...model, kind: "bi-encoder", pooling: "mean", normalize: false, maxTokens: 16 };
      const pairs = { ...tinyPairs(2), tokenizer: "8".repeat(64) };
      const failure = yield* failureOf(pseudoLabel.run(context(decode(pseudoLabel, {}), { pairs, encoder })));
      assert.match(failure.message, /^The pairs were tokenized with tokenizer 888888888888,/);
    }),
  );
});
