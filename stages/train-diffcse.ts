/**
 * DiffCSE: as SimCSE each sentence must find itself among the batch under another dropout; beside it a discriminator has to tell
 * from the embedding which words of an edited copy were exchanged. A frozen model that guesses words makes the copies.
 *
 * Source: Chuang et al., "DiffCSE: Difference-based Contrastive Learning for Sentence Embeddings", NAACL 2022, and its released
 * code. Where they differ the field `form` chooses.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Gold, TokenPairs, Tokens, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, optionalInput, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { poolingOf } from "../src/nn/pooling.ts";
import type { Weights } from "../src/nn/Weights.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  byForm,
  choice,
  devOptions,
  flag,
  nonNegativeNumber,
  paddedLengthField,
  poolingField,
  positiveNumber,
  trainingOptions,
} from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { asBiEncoder } from "../src/training/trainedModel.ts";

const { diverged, stuck, collapsed } = guardFields;

/** What code and paper differ in (methods §5.1). */
const forms = {
  code: { words: "argmax", positions: "all", reduction: "mean" },
  paper: { words: "sample", positions: "tokens", reduction: "sum" },
} as const;

const formed = <const Word extends string>(
  field: keyof (typeof forms)["code"],
  words: ReadonlyArray<Word>,
  description: string,
) => byForm(Schema.Literals(words), { "form code": forms.code[field], "form paper": forms.paper[field] }, description);

const config = Schema.Struct({
  form: choice(
    ["code", "paper"],
    "code",
    "Whose settings of words, positions and reduction stand where they are left out: those of the released code, which made the published numbers, or those the paper describes.",
  ),
  temperature: positiveNumber(0.05, "What cosines are divided by before the softmax, above 0 (DiffCSE: 0.05)."),
  pooling: poolingField("cls", "The embedding, which travels with the encoder"),
  paddedLength: paddedLengthField,
  projector: Schema.optionalKey(
    Schema.Literals(["batch-norm", "tanh", "none"]).annotate({
      description:
        "What stands between the embedding and the contrastive loss while it trains: batch-norm, two layers with batch normalisation, or tanh, SimCSE's layer. Default: batch-norm with pooling cls, none with any other, as DiffCSE's code.",
    }),
  ),
  beforeProjector: flag(
    false,
    "Whether the discriminator is given the embedding as it is before the projector (the code's before_mlp), which is what is kept in the end; else what comes out of it.",
  ),
  maskRatio: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true }))
    .annotate({
      description:
        "Share of the words that are hidden from the generator, above 0 to 1: of these 80 % are masked, 10 % replaced, 10 % kept (DiffCSE for STS: 0.3 with BERT, 0.2 with RoBERTa; 0.15 for transfer). Default 0.3.",
      default: 0.3,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(0.3))),
  generatorDropout: flag(
    true,
    "Whether the generator, which is not trained, drops out by its own rates all the same, as in the code.",
  ),
  detectionWeight: nonNegativeNumber(
    0.005,
    "λ, what the discriminator's loss is multiplied by, from 0 on (DiffCSE: 0.005 for STS, 0.05 for transfer; both go with the code's mean).",
  ),
  words: formed(
    "words",
    ["argmax", "sample"],
    "What stands in the edited copy: argmax, the generator's likeliest word at every position, hidden or not; sample, a word drawn from its probabilities where one was hidden.",
  ),
  positions: formed(
    "positions",
    ["all", "tokens"],
    "What the discriminator's loss counts: all positions of rows as long as the longest of the batch, padding and [CLS] included, or tokens alone.",
  ),
  reduction: formed("reduction", ["mean", "sum"], "How the losses of the positions become one."),
  ...trainingOptions(
    {
      batchSize: 64,
      learningRate: 7e-6,
      epochs: 2,
      warmupRatio: 0,
      weightDecay: 0,
      optimizer: "adamw",
      maxTokens: 32,
      source: "DiffCSE, BERT base for STS",
    },
    "Sentences",
    2,
    3,
  ),
  ...devOptions(125, "DiffCSE's script"),
  guards: guardsField({ diverged, stuck, collapsed }),
});

export default defineStage({
  name: "train-diffcse",
  version: 1,
  description:
    "Trains a bi-encoder on bare sentences: SimCSE, with a discriminator that has to tell exchanged words by the embedding (DiffCSE).",
  config,
  inputs: {
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder to start from, and what the discriminator starts from; its head is dropped.",
    ),
    generator: input(
      Backbone,
      "The model that guesses words, with its head (wordHead of load-model or pretrain-mlm) and the encoder's tokenizer; it is not trained.",
    ),
    sentences: input(Tokens, "Sentences to learn from, tokenized with the model's tokenizer."),
    devPairs: optionalInput(
      TokenPairs,
      "A development set to look at while training: pairs, tokenized with the model's tokenizer.",
    ),
    devGold: optionalInput(Gold, "Its gold scores. They decide which weights are kept, and enter no gradient."),
  },
  outputs: {
    encoder: output(BiEncoder, "The trained encoder with its pooling."),
    curve: output(
      TrainingCurve,
      "By update: loss, its parts contrastiveLoss and detectionLoss, the share of words that were exchanged, alignment and uniformity; with a development set its Spearman × 100, alignment and uniformity at each look.",
    ),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-diffcse")(function* ({ config, inputs, seed }) {
    const { model, generator, sentences } = inputs;
    const projector = config.projector ?? (config.pooling === "cls" ? "batch-norm" : "none");
    const options = { ...forms[config.form], ...config, pooling: poolingOf(config), projector };
    const asEncoder = (weights: Weights) => asBiEncoder(model, weights, options);
    const trained = yield* runTraining(async () => {
      const { diffCse } = await import("../src/training/methods/diffCse.ts");
      const { withDevelopment } = await import("../src/training/development.ts");
      return withDevelopment(diffCse(model, generator, sentences, options, seed), inputs, config, asEncoder);
    }, options);
    return { encoder: asEncoder(trained.weights), curve: trained.curve };
  }),
});
