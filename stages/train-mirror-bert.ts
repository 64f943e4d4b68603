/**
 * Mirror-BERT: each sentence and a copy of it with some characters masked go through the encoder under dropout, or with whole
 * attention heads dropped, and one view must find the other among all of the batch, in both directions. A few dozen updates on
 * some ten thousand sentences turn a masked language model into a sentence encoder.
 *
 * Source: Liu, Vulić, Korhonen, Collier, "Fast, Effective, and Self-Supervised: Transforming Masked Language Models into Universal
 * Lexical and Sentence Encoders", EMNLP 2021, and its released code.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Backbone, BiEncoder, CrossEncoder, Sentences, Tokenizer, TrainingCurve } from "../src/artifact/index.ts";
import { input, inputOneOf, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { encodeWithProgress } from "../src/model/encodeWithProgress.ts";
import { maskSpan, shortestMasked } from "../src/text/maskSpan.ts";
import { guardFields, guardsField } from "../src/training/guardOptions.ts";
import {
  anyPooling,
  paddedLengthField,
  partsOptions,
  positiveNumber,
  type TrainingDefaults,
  trainingOptions,
  wholeNumber,
} from "../src/training/options.ts";
import { runTraining } from "../src/training/runTraining.ts";
import { asBiEncoder } from "../src/training/trainedModel.ts";

const { diverged, stuck, collapsed } = guardFields;

const defaults: TrainingDefaults = {
  batchSize: 200,
  learningRate: 2e-5,
  epochs: 1,
  warmupRatio: 0,
  schedule: "constant",
  weightDecay: 0.01,
  decayed: "all",
  maxGradientNorm: 0,
  optimizer: "adamw",
  maxTokens: 50,
  source: "Mirror-BERT, sentences",
};

const config = Schema.Struct({
  temperature: positiveNumber(
    0.04,
    "What cosines are divided by before the softmax, above 0 (Mirror-BERT: 0.04 for sentences, 0.2 for words).",
  ),
  form: Schema.Literals(["code", "paper"])
    .annotate({
      description:
        "The loss: code is the mean over both views as anchors, each against all other views of the batch (what the released models and the published table were trained with); paper, its equation 1, is the sum over the first view's anchors with negatives alone in the denominator. Default code.",
      default: "code",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("code" as const))),
  maskLength: wholeNumber(
    5,
    0,
    `Characters that are masked in the copy of each sentence, from 0 on: none; sentences shorter than ${shortestMasked} characters are left as they are (Mirror-BERT: 5 for sentences, 2 for names, 0 for words).`,
  ),
  dropHead: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))
    .annotate({
      description:
        "Rate at which whole attention heads are dropped, by sentence and layer, 0 to below 1; above 0 dropout is 0 unless it is set (Mirror-BERT's drophead: 0.2 for BERT, 0.05 for RoBERTa). Default 0.",
      default: 0,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed<number>(0))),
  pooling: Schema.optionalKey(
    anyPooling("The embedding, which travels with the encoder", "mean-with-padding, of a RoBERTa cls, as published"),
  ),
  paddedLength: paddedLengthField,
  ...trainingOptions(defaults, "Sentences", 2, 3),
  ...partsOptions,
  guards: guardsField({ diverged, stuck, collapsed }),
});

export default defineStage({
  name: "train-mirror-bert",
  version: 1,
  description:
    "Trains a bi-encoder on bare sentences: a sentence and its copy with a span masked must find each other (Mirror-BERT).",
  config,
  inputs: {
    model: inputOneOf<Backbone | BiEncoder | CrossEncoder>(
      [Backbone, BiEncoder, CrossEncoder],
      "The encoder to start from; its head is dropped.",
    ),
    tokenizer: input(Tokenizer, "The model's tokenizer: spans are masked in the raw text."),
    sentences: input(Sentences, "Sentences to learn from, some ten thousand are enough."),
  },
  outputs: {
    encoder: output(BiEncoder, "The trained encoder with its pooling."),
    curve: output(TrainingCurve, "Loss, its value at a collapse, alignment and uniformity by update."),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("train-mirror-bert")(function* ({ config, inputs, inputDigests, seed }) {
    const { model, tokenizer } = inputs;
    const { texts } = inputs.sentences;
    const { mirrorBert, mirrorBertPooling } = yield* Effect.promise(
      () => import("../src/training/methods/mirrorBert.ts"),
    );
    const pooling = mirrorBertPooling(model, config);
    const [ids] = yield* encodeWithProgress(tokenizer, [texts], "sentences");
    const trained = yield* runTraining(async () => {
      const { textEncoder } = await import("../src/model/encodeTexts.ts");
      const encode = await textEncoder(tokenizer);
      const masked = (row: number, draw: number) => encode(maskSpan(texts[row]!, config.maskLength, draw));
      const facts = { tokenizer: String(inputDigests["tokenizer"]), special: tokenizer.special };
      return mirrorBert(model, { ...facts, ids: ids!, masked }, { ...config, pooling }, seed);
    }, config);
    return { encoder: asBiEncoder(model, trained.weights, { ...config, pooling }), curve: trained.curve };
  }),
});
