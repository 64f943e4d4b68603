import { assert, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Progress, type ProgressReport } from "../../src/core/Stage.ts";
import type { Backbone } from "../../src/nn/EncoderModel.ts";
import { initializeWeights, parameterSpecs } from "../../src/nn/parameters.ts";
import { raggedFrom } from "../../src/nn/Ragged.ts";
import stage from "../../stages/train-word-vectors.ts";

const config = {
  architecture: "bert",
  vocabSize: 12,
  hiddenSize: 8,
  layers: 1,
  heads: 2,
  intermediateSize: 16,
  maxPositions: 16,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  activation: "gelu",
  hiddenDropout: 0.1,
  attentionDropout: 0.1,
} as const;
const special = { pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 };
const weights = initializeWeights(parameterSpecs(config), 1);
const model: Backbone = { kind: "backbone", config, special, tokenizer: "t", weights };
const sentences = {
  tokenizer: "t",
  special,
  ids: raggedFrom([
    [5, 6, 7, 8],
    [9, 6, 10, 8],
  ]),
};

const reports: Array<ProgressReport> = [];
const run = (options: unknown, tokens = sentences) =>
  stage
    .run({
      config: Schema.decodeUnknownSync(stage.config)(options),
      inputs: { model, sentences: tokens },
      inputDigests: {},
      seed: 1,
      files: {},
    })
    .pipe(
      Effect.provideService(Progress, { report: (report) => void reports.push(report), isInterrupted: () => false }),
    );

it.effect("gives the encoder bare and with its pooling, and reports its passes", () =>
  Effect.gen(function* () {
    const { model: bare, encoder } = yield* run({ align: true, maxTokens: 10 });
    assert.strictEqual(bare.kind, "backbone");
    assert.strictEqual(encoder.pooling, "mean");
    assert.strictEqual(encoder.maxTokens, 10);
    assert.deepStrictEqual([...bare.weights.keys()], [...weights.keys()]);
    assert.deepStrictEqual(reports.at(-1), { done: 4, total: 4, unit: "passes" });
  }),
);

it.effect("fails by name when there is nothing to count", () =>
  Effect.gen(function* () {
    const failure = yield* Effect.flip(run({}, { ...sentences, ids: raggedFrom([]) }));
    assert.strictEqual(failure.message, 'Port "sentences" has no sentences to learn from.');
  }),
);
