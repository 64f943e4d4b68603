/**
 * Config fields that the training stages share, each with its meaning, unit, range, default and source, so that one word
 * means one thing in all of them. Light to import: every command loads the definitions of stages.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { DecayGroup } from "../nn/optim/decayGroups.ts";
import type { RateStep } from "../nn/optim/stepwiseSchedule.ts";
import { defaultPaddedLength, type PoolingName, poolingNames } from "../nn/pooling.ts";
import type { Reactions } from "./guardOptions.ts";

const numberField = (check: Schema.Finite, value: number, description: string) =>
  check
    .annotate({ description: `${description} Default ${value}.`, default: value })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)));

/** A number above 0 with a default. */
export const positiveNumber = (value: number, description: string) =>
  numberField(Schema.Finite.check(Schema.isGreaterThan(0)), value, description);

/** A number from 0 to 1 with a default. */
export const fraction = (value: number, description: string) =>
  numberField(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })), value, description);

/** A number from 0 on with a default. */
export const nonNegativeNumber = (value: number, description: string) =>
  numberField(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)), value, description);

/** A whole number from `minimum` on with a default. */
export const wholeNumber = (value: number, minimum: number, description: string) =>
  numberField(Schema.Int.check(Schema.isGreaterThanOrEqualTo(minimum)), value, description);

/** True or false with a default. */
export const flag = (value: boolean, description: string) =>
  Schema.Boolean.annotate({ description: `${description} Default ${value}.`, default: value }).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(value)),
  );

/** One of several words with a default. @param absentMeans what a config meant before it had the field */
export const oneOf = <Word extends string>(
  words: ReadonlyArray<Word>,
  value: Word,
  absentMeans: Word,
  description: string,
) =>
  Schema.Literals(words)
    .annotate({ description: `${description} Default ${value}.`, default: value, absentMeans })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)));

/** One of several words with a default, in a stage that always had the field. */
export const choice = <const Word extends string>(words: ReadonlyArray<Word>, value: Word, description: string) =>
  Schema.Literals(words)
    .annotate({ description: `${description} Default ${value}.`, default: value })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)));

/**
 * A field whose default is set by the form of the method: left out it stays out of the config, and what reads that puts the
 * form's in its place. @param values "form code" → its default @param absent what is said of a form that sets none
 */
export const byForm = <S extends Schema.Top>(
  schema: S,
  values: { readonly [form: string]: unknown },
  description: string,
  absent = "none",
) => {
  const said = (value: unknown) =>
    value === undefined ? absent : typeof value === "object" ? JSON.stringify(value) : `${value as string | number}`;
  const defaults = Object.entries(values).map(([form, value]) => `${said(value)} (${form})`);
  return Schema.optionalKey(schema.annotate({ description: `${description} Default: ${defaults.join(", ")}.` }));
};

export const poolingWords =
  "the last hidden state of [CLS] (cls), the mean over all tokens (mean), their greatest of each channel (max), the mean over the first and the last layer (first-last), or the mean over all positions of a fixed length, padding counted (mean-with-padding)";

/** How an embedding is read off the encoder, where each stage has its own default in words; it travels with the model. */
export const anyPooling = (description: string, defaultWords: string) =>
  Schema.Literals(poolingNames).annotate({ description: `${description}: ${poolingWords}. Default: ${defaultWords}.` });

/** The same with a default. */
export const poolingField = (value: PoolingName, description: string) =>
  anyPooling(description, value)
    .annotate({ default: value })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)));

/** Beside every `pooling`: what `poolingOf` takes with it. */
export const paddedLengthField = Schema.optionalKey(
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(3)).annotate({
    description: `With pooling mean-with-padding, of no use elsewhere: the positions that every text is cut or filled up to, from 3 on. Default: ${defaultPaddedLength} (Mirror-BERT).`,
  }),
);

export const optimizerNames = ["adamw", "adamw-transformers", "adam", "rmsprop", "rmsprop-keras", "sgd"] as const;
export type OptimizerName = (typeof optimizerNames)[number];

export const scheduleNames = ["linear", "constant", "cosine", "stepwise", "exponential"] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/** What a method prescribes for the fields that all trainings have. */
export interface TrainingDefaults {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly warmupRatio: number;
  readonly weightDecay: number;
  readonly optimizer: OptimizerName;
  /** Default linear. */
  readonly schedule?: ScheduleName;
  /** Of the schedule `stepwise`. */
  readonly rateSteps?: ReadonlyArray<RateStep>;
  /** Default weights. */
  readonly decayed?: DecayGroup;
  /** Default 1. */
  readonly maxGradientNorm?: number;
  readonly maxTokens: number;
  /** Where these come from: "SimCSE, table A.1". */
  readonly source: string;
}

/** What trainings did before they had the fields: those of a new stage that does otherwise are in its key. */
const before = { schedule: "linear", decayed: "weights", momentum: 0, nesterov: false } as const;

/** The fields of every training, in the order `pipeline stages` prints them. @param row what a batch is made of @param shortest least `maxTokens` */
export const trainingOptions = (defaults: TrainingDefaults, row: string, leastRows: number, shortest: number) => ({
  batchSize: wholeNumber(
    defaults.batchSize,
    leastRows,
    `${row} in a batch, from ${leastRows} on (${defaults.source}).`,
  ),
  learningRate: positiveNumber(
    defaults.learningRate,
    `Learning rate of the optimizer at its highest, above 0 (${defaults.source}).`,
  ),
  epochs: positiveNumber(defaults.epochs, `Passes over the data, above 0; 0.5 is half a pass (${defaults.source}).`),
  maxSteps: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThan(0)).annotate({
      description:
        "At most this many updates, from 1 on; a schedule that falls ends with the last one. Default: no cap.",
    }),
  ),
  ...scheduleOptions(defaults),
  ...optimizerOptions(defaults),
  maxTokens: wholeNumber(
    defaults.maxTokens,
    shortest,
    `Longest input in tokens, special ones included; longer ones are cut. From ${shortest} on (${defaults.source}).`,
  ),
  dropout: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true })).annotate({
      description: "Dropout rate everywhere in the encoder, 0 to below 1. Default: the model's own rates.",
    }),
  ),
});

function scheduleOptions({ warmupRatio, schedule = before.schedule, rateSteps, source }: TrainingDefaults) {
  const steps = Schema.Array(
    Schema.Struct({
      after: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
      factor: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
    }),
  );
  const meaning =
    "Of the schedule stepwise, in rising order: behind update `after` (index from 0) the learning rate is multiplied by `factor`, from 0 on.";
  return {
    warmupRatio: fraction(
      warmupRatio,
      `Share of the updates over which the learning rate rises from 0, 0 to 1, rounded up; then it goes the way of \`schedule\` (${source}).`,
    ),
    schedule: oneOf(
      scheduleNames,
      schedule,
      before.schedule,
      `The way of the learning rate: linear to 0, constant, cosine to 0, stepwise by \`rateSteps\`, exponential by \`decayRate\` with a warm-up that does not begin at 0 (${source}).`,
    ),
    // Of two kinds of field, by whether the method has steps of its own; the decoded type is that of a field that may be absent.
    rateSteps:
      rateSteps === undefined
        ? Schema.optionalKey(steps.annotate({ description: `${meaning} Default: none, stepwise needs them.` }))
        : steps
            .annotate({
              description: `${meaning} Default: ${JSON.stringify(rateSteps)} (${source}).`,
              default: rateSteps,
            })
            .pipe(Schema.withDecodingDefaultKey(Effect.succeed(rateSteps))),
    decayRate: Schema.optionalKey(
      Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true })).annotate({
        description:
          "Of the schedule exponential: share of the learning rate that each update after the warm-up takes off, 0 to below 1. Default: none, exponential needs it.",
      }),
    ),
  };
}

function optimizerOptions({
  weightDecay,
  optimizer,
  decayed = before.decayed,
  maxGradientNorm = 1,
  source,
}: TrainingDefaults) {
  return {
    optimizer: oneOf(
      optimizerNames,
      optimizer,
      optimizer,
      `The rule of the updates: adamw as in PyTorch, adamw-transformers (ε 1e-6 outside of the bias correction, decay after the step), adam, rmsprop as in PyTorch (0.99, ε 1e-8), rmsprop-keras (0.9, ε 1e-7), sgd (${source}).`,
    ),
    momentum: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))
      .annotate({
        description: "Momentum of the optimizer sgd, 0 to below 1. Default 0.",
        default: before.momentum,
        absentMeans: before.momentum,
      })
      .pipe(Schema.withDecodingDefaultKey(Effect.succeed<number>(before.momentum))),
    nesterov: Schema.Boolean.annotate({
      description: "Whether the momentum of sgd is Nesterov's. Default false.",
      default: before.nesterov,
      absentMeans: before.nesterov,
    }).pipe(Schema.withDecodingDefaultKey(Effect.succeed<boolean>(before.nesterov))),
    weightDecay: nonNegativeNumber(
      weightDecay,
      `Decay of the parameters that \`decayed\` names, from 0 on: of AdamW per unit of learning rate, of the other optimizers per unit of weight, added to the gradient (${source}).`,
    ),
    decayed: oneOf(
      ["weights", "all"],
      decayed,
      before.decayed,
      `What decays: weights, which leaves out biases and LayerNorm, or all parameters (${source}).`,
    ),
    maxGradientNorm: nonNegativeNumber(
      maxGradientNorm,
      "Gradients longer than this, all taken together, are scaled down to it; from 0 on, 0: they are never scaled.",
    ),
  };
}

/** What teaches a cross-encoder; `distillationLosses.ts` has what they are. */
export const crossEncoderLosses = ["bce", "mse", "log-cosh", "softmax"] as const;
export type CrossEncoderLoss = (typeof crossEncoderLosses)[number];

/** What teaches a bi-encoder. */
export const biEncoderLosses = ["mse", "bce", "log-cosh"] as const;
export type BiEncoderLoss = (typeof biEncoderLosses)[number];

/** Besides, for trainings that may look at a development set on ports `devPairs` and `devGold`. @param every the source's */
export const devOptions = (every: number, source: string) => ({
  devEvery: Schema.Int.check(Schema.isGreaterThan(0))
    .annotate({
      description: `Where a development set is linked: updates from one look at it to the next, counted anew in each epoch, whose end is a look too; from 1 on (${source}). Default ${every}.`,
      default: every,
      absentMeans: every,
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(every))),
  keepBest: Schema.Boolean.annotate({
    description:
      "Where a development set is linked: whether the weights that ordered it best (Spearman, of equal ones the first) are kept instead of the last ones. Default true.",
    default: true,
    absentMeans: true,
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
});

/** The decoded fields of `devOptions`. */
export interface DevOptions {
  readonly devEvery: number;
  readonly keepBest: boolean;
}

/** Besides, for losses whose batch may be computed in parts: means over rows, and functions of embeddings (docs/adr/0032). */
export const partsOptions = {
  microBatchTokens: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThan(0)).annotate({
      description:
        "Tokens that go through the encoder at once, from 1 on. A batch of more is computed in parts whose gradients are added up: less memory, numbers equal to rounding. Where all rows meet in the loss, each part goes through the encoder twice. Default: the whole batch.",
    }),
  ),
};

/** The decoded fields of `trainingOptions` and `partsOptions`. */
export interface TrainingOptions {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly maxSteps?: number;
  readonly warmupRatio: number;
  /** Left out: linear. */
  readonly schedule?: ScheduleName;
  readonly rateSteps?: ReadonlyArray<RateStep>;
  readonly decayRate?: number;
  /** Left out: the method's own. */
  readonly optimizer?: OptimizerName;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay: number;
  /** Left out: weights. */
  readonly decayed?: DecayGroup;
  /** 0: gradients are never scaled. */
  readonly maxGradientNorm: number;
  readonly maxTokens: number;
  readonly dropout?: number;
  readonly microBatchTokens?: number;
  /** Left out: `guardDefaults`. */
  readonly guards?: Reactions;
}
