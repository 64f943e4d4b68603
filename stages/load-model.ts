/**
 * `load-model`: an encoder to start from, with its tokenizer: read from a Hugging Face folder, or made afresh with random
 * weights around a tokenizer. Gives it bare (`model`) and as a sentence encoder with its pooling (`encoder`).
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, Tokenizer, type ModelConfig, type Pooling } from "../src/artifact/index.ts";
import { optionalInput, output } from "../src/core/ArtifactType.ts";
import { contentDigest } from "../src/core/digest.ts";
import { StageFailure } from "../src/core/errors.ts";
import { folder } from "../src/core/path.ts";
import { defineStage, type SourceFile } from "../src/core/Stage.ts";
import { modelFailure } from "../src/model/modelFailure.ts";
import { modelSelection, readModelFolder } from "../src/model/modelFolder.ts";
import { readWhole } from "../src/model/readWhole.ts";
import { hubMistake, hubPrefix } from "../src/model/hub/hubSource.ts";
import { vocabularySize } from "../src/model/tokenizerJson.ts";
import { paddedLengthOf, poolingOf } from "../src/nn/pooling.ts";
import { anyPooling, flag, paddedLengthField } from "../src/training/options.ts";
import type { ReadDense } from "../src/model/denseLayer.ts";
import { encoderSpecs, initializeWeights, layerPrefix, parameterSpecs } from "../src/nn/parameters.ts";
import type { Weights } from "../src/nn/Weights.ts";

const count = (most: number, description: string) =>
  Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: most })).annotate({ description });
const withDefault = <S extends Schema.Codec<number>>(schema: S, value: S["Encoded"]) =>
  schema.pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)));
const rate = (description: string) =>
  withDefault(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true })).annotate({ description }),
    0.1,
  );

const fresh = Schema.Struct({
  layers: count(1000, "Transformer layers, from 1 on."),
  hiddenSize: count(100_000, "Width of the embeddings and layers; a multiple of `heads`."),
  heads: count(1000, "Attention heads of a layer, from 1 on."),
  intermediateSize: Schema.optionalKey(
    count(1_000_000, "Width of the feed-forward part of a layer; default four times `hiddenSize`."),
  ),
  maxPositions: withDefault(count(100_000, "Longest input in tokens the positions reach; default 128."), 128),
  hiddenDropout: rate("Dropout after embeddings and layers in training, 0 to below 1; default 0.1."),
  attentionDropout: rate("Dropout of attention weights in training, 0 to below 1; default 0.1."),
}).check(
  Schema.makeFilter(({ hiddenSize, heads }) =>
    hiddenSize % heads === 0 ? undefined : `hiddenSize ${hiddenSize} is not a multiple of heads ${heads}`,
  ),
);

/** Where a model comes from: `load-cross-encoder` has it too. */
export const source = folder(
  "A Hugging Face folder of a BERT, RoBERTa, XLM-RoBERTa, CamemBERT, DistilBERT or ELECTRA: config.json, model.safetensors (or pytorch_model.bin), tokenizer.json (or vocab.txt of a BERT, vocab.json and merges.txt of a RoBERTa). Or hub:owner/name@commit, a model of the Hugging Face hub, which a run downloads first.",
  modelSelection,
  hubPrefix,
).check(Schema.makeFilter(hubMistake));

const config = Schema.Struct({
  source: Schema.optionalKey(source),
  fresh: Schema.optionalKey(
    fresh.annotate({ description: "The shape of a new model with random weights. Instead of `source`." }),
  ),
  pooling: Schema.optionalKey(anyPooling("How token vectors become an embedding", "what the folder says, else mean")),
  paddedLength: paddedLengthField,
  wordHead: flag(
    false,
    "Keeps the checkpoint's head that guesses masked words in `model`, for `pretrain-mlm` to start from; of no use elsewhere.",
  ).annotate({ absentMeans: false }),
  reinitialize: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
    .annotate({
      description:
        "Of `source`: so many of the last layers get fresh weights from the seed, and a pooler behind them is left out, from 0 on: a start that knows words and grammar but not what its top was trained for. Default 0.",
      default: 0,
      absentMeans: 0,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  maxTokens: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(3)).annotate({
      description:
        "Longest input of the encoder in tokens, special ones included, from 3 on. Default: what the model allows.",
    }),
  ),
}).check(
  Schema.makeFilter(({ source, fresh }) =>
    (source === undefined) === (fresh === undefined) ? "load-model needs either `source` or `fresh`" : undefined,
  ),
  Schema.makeFilter(({ fresh, reinitialize }) =>
    fresh !== undefined && reinitialize > 0 ? "a fresh model has no layers to reinitialize: take it out" : undefined,
  ),
);
type Config = typeof config.Type;

/** What either way of getting a model ends in. */
interface Loaded {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  readonly tokenizerDigest: string;
  readonly pooling: Pooling | undefined;
  readonly normalize: boolean;
  readonly dense?: ReadDense | undefined;
  readonly maxTokens: number;
  /** Heads of a checkpoint. */
  readonly wordHead?: Weights | undefined;
  readonly classifier?: Weights | undefined;
}

/** @param path as written @param files of the field `source` */
export async function fromFolder(path: string, files: ReadonlyArray<SourceFile>) {
  const paths = new Map(files.map((file) => [file.name, file.path]));
  const read = async (name: string) => {
    const found = paths.get(name);
    return found === undefined ? undefined : await readWhole(found);
  };
  const model = await readModelFolder({ path, read });
  return { ...model, tokenizerDigest: contentDigest(await Tokenizer.encode(model.tokenizer)) };
}

function makeFresh(shape: typeof fresh.Type, tokenizer: Tokenizer, tokenizerDigest: string, seed: number): Loaded {
  const config: ModelConfig = {
    architecture: "bert",
    vocabSize: vocabularySize(tokenizer),
    hiddenSize: shape.hiddenSize,
    layers: shape.layers,
    heads: shape.heads,
    intermediateSize: shape.intermediateSize ?? 4 * shape.hiddenSize,
    maxPositions: shape.maxPositions,
    typeVocabSize: 2,
    layerNormEps: 1e-12,
    activation: "gelu",
    hiddenDropout: shape.hiddenDropout,
    attentionDropout: shape.attentionDropout,
  };
  const weights = initializeWeights(parameterSpecs(config), seed);
  const maxTokens = config.maxPositions;
  return { config, weights, tokenizer, tokenizerDigest, pooling: undefined, normalize: false, maxTokens };
}

const fail = (message: string, hint: string) => new StageFailure({ cause: "stage-error", message, hint });

export default defineStage({
  name: "load-model",
  version: 1,
  description:
    "Reads an encoder of BERT's kind and its tokenizer from a Hugging Face folder, or makes a fresh one with random weights.",
  config,
  inputs: { tokenizer: optionalInput(Tokenizer, "For a fresh model: the tokenizer it is made for") },
  outputs: {
    model: output(Backbone, "The encoder without a head (a checkpoint's pooler is kept for cross-encoders)"),
    encoder: output(BiEncoder, "The same with its pooling, as a sentence encoder"),
    tokenizer: output(Tokenizer, "Its tokenizer"),
  },
  usesSeed: true,
  runsIn: "worker",
  run: Effect.fnUntraced(function* ({ config, inputs, inputDigests, seed, files }) {
    const loaded = yield* load(config, inputs.tokenizer, String(inputDigests["tokenizer"]), seed, files);
    const maxTokens = config.maxTokens ?? loaded.maxTokens;
    if (maxTokens > loaded.config.maxPositions)
      return yield* fail(
        `maxTokens is ${maxTokens}, but the model has positions for ${loaded.config.maxPositions} tokens`,
        `set maxTokens to ${loaded.config.maxPositions} or less`,
      );
    const { config: shape, tokenizer, normalize, wordHead, dense } = loaded;
    if (config.reinitialize > shape.layers)
      return yield* fail(
        `reinitialize is ${config.reinitialize}, but the model has ${shape.layers} layers`,
        `set reinitialize to ${shape.layers} or less`,
      );
    const weights = withFreshLayers(loaded, config.reinitialize, seed);
    if (config.wordHead && wordHead === undefined)
      return yield* fail("the model has no head that guesses masked words", "take wordHead out");
    if (loaded.classifier !== undefined && loaded.pooling === undefined)
      yield* Effect.logWarning(
        "the checkpoint scores pairs; load-model reads its encoder only, load-cross-encoder reads it whole.",
      );
    const common = { config: shape, tokenizer: loaded.tokenizerDigest, special: tokenizer.special };
    const kept = config.wordHead ? new Map([...weights, ...wordHead!]) : weights;
    const model: Backbone = { kind: "backbone", ...common, weights: kept };
    const pooling =
      config.pooling === undefined ? (loaded.pooling ?? "mean") : poolingOf({ ...config, pooling: config.pooling });
    const paddedLength = paddedLengthOf(pooling) ?? 0;
    if (paddedLength > shape.maxPositions)
      return yield* fail(
        `paddedLength is ${paddedLength}, but the model has positions for ${shape.maxPositions} tokens`,
        `set paddedLength to ${shape.maxPositions} or less`,
      );
    const layer = dense === undefined ? {} : { dense: { dimension: dense.dimension } };
    const ofEncoder = new Map([...withoutPooler(weights), ...(dense?.weights ?? [])]);
    const sentence = { weights: ofEncoder, pooling, ...layer, normalize, maxTokens };
    const encoder: BiEncoder = { kind: "bi-encoder", ...common, ...sentence };
    return { model, encoder, tokenizer };
  }),
});

const load = Effect.fnUntraced(function* (
  config: Config,
  tokenizer: Tokenizer | undefined,
  tokenizerDigest: string,
  seed: number,
  files: { readonly [field: string]: ReadonlyArray<SourceFile> },
) {
  const { source, fresh } = config;
  if (source !== undefined) {
    if (tokenizer !== undefined)
      return yield* fail("a model read from a folder brings its own tokenizer", "take the link to `tokenizer` out");
    return yield* Effect.tryPromise({ try: () => fromFolder(source, files["source"] ?? []), catch: modelFailure });
  }
  if (tokenizer === undefined || fresh === undefined)
    return yield* fail("a fresh model needs a tokenizer", "link `tokenizer`, for example to a train-tokenizer step");
  return makeFresh(fresh, tokenizer, tokenizerDigest, seed);
});

/** With fresh weights in the last `count` layers; a pooler was trained on what those gave. */
function withFreshLayers({ config, weights }: Loaded, count: number, seed: number): Weights {
  if (count === 0) return weights;
  const last = Array.from({ length: count }, (_, i) => layerPrefix(config.layers - count + i));
  const specs = encoderSpecs(config).filter(({ name }) => last.some((prefix) => name.startsWith(prefix)));
  return new Map([...withoutPooler(weights), ...initializeWeights(specs, seed)]);
}

const withoutPooler = (weights: Weights): Weights =>
  new Map([...weights].filter(([name]) => !name.startsWith("pooler.")));
