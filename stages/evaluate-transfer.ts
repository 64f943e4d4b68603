/**
 * `evaluate-transfer`: how well a linear classifier on frozen embeddings does, by SentEval's protocol on the user's own data:
 * sentences with classes (MR, SST, TREC…), or pairs with classes (MRPC, SICK-E), whose features are |u − v| and u ∗ v.
 *
 * Which of SentEval's three ways is taken follows from what is linked: rows alone are tested fold by fold, `test` is tested with
 * what folds of `train` chose, and with `dev` that is chosen there. A folder of files of such a task says which way it is meant.
 *
 * Source: Conneau, Kiela, "SentEval", LREC 2018, and its released code; see `src/metrics/transferAccuracy.ts`.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { BiEncoder, Gold, Metrics, TokenPairs, Tokens } from "../src/artifact/index.ts";
import { input, inputOneOf, optionalInput, optionalInputOneOf, output } from "../src/core/ArtifactType.ts";
import { defineStage, Progress } from "../src/core/Stage.ts";
import { Engine } from "../src/engine/Engine.ts";
import { refuse } from "../src/inference/evaluation.ts";
import { type Precision, precisionField } from "../src/inference/options.ts";
import type { LabelledRows } from "../src/metrics/logisticRegression.ts";
import { randomKey, uniformAt } from "../src/nn/random.ts";
import { raggedRows, type Ragged } from "../src/nn/Ragged.ts";

const name = "evaluate-transfer";

const config = Schema.Struct({
  precision: precisionField,
  protocol: Schema.Literals(["test", "fast"])
    .annotate({
      description:
        "SentEval's settings of the classifier: test (10 folds, Adam, batches of 64; of published numbers) or fast (5 folds, RMSprop, batches of 128). Default test.",
      default: "test",
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed("test" as const))),
});

const folds = { test: 10, fast: 5 } as const;

type Rows = Tokens | TokenPairs;
interface Part {
  readonly port: "train" | "dev" | "test";
  readonly rows: Rows;
  readonly gold: Gold;
}

const countOf = (rows: Rows): number => raggedRows("a" in rows ? rows.a : rows.ids);

/** Why a part cannot be used; undefined when it can. */
function problemOf(encoder: BiEncoder, { port, rows, gold }: Part) {
  if (rows.tokenizer !== encoder.tokenizer)
    return refuse(
      `Port "${port}" was tokenized with tokenizer ${rows.tokenizer.slice(0, 12)}, but the encoder was made for ${encoder.tokenizer.slice(0, 12)}.`,
      "Tokenize with the tokenizer of the step that made the encoder.",
    );
  const goldOfOthers = "pairs" in rows ? rows.pairs !== gold.pairs : countOf(rows) !== gold.scores.length;
  if (goldOfOthers)
    return refuse(
      `The gold of port "${port}" is not that of its rows (${countOf(rows)} rows, ${gold.scores.length} labels).`,
      "Link gold and rows of the same reading step.",
    );
  const row = gold.scores.findIndex((label) => !Number.isInteger(label) || label < 0);
  if (row >= 0)
    return refuse(
      `Row ${row + 1} of the gold of port "${port}" is ${gold.scores[row]}: classes are 0, 1, 2 …`,
      "Name the classes when reading: `classes: [negative, positive]`.",
    );
  return undefined;
}

/** The parts that are linked, each with its gold. */
function partsOf(inputs: {
  readonly train: Rows;
  readonly trainGold: Gold;
  readonly dev?: Rows | undefined;
  readonly devGold?: Gold | undefined;
  readonly test?: Rows | undefined;
  readonly testGold?: Gold | undefined;
}) {
  const parts: Array<Part> = [{ port: "train", rows: inputs.train, gold: inputs.trainGold }];
  for (const port of ["dev", "test"] as const) {
    const [rows, gold] = [inputs[port], inputs[`${port}Gold`]];
    if (rows !== undefined && gold !== undefined) parts.push({ port, rows, gold });
    else if (rows !== undefined || gold !== undefined)
      return refuse(`Only one of the ports "${port}" and "${port}Gold" is linked.`, "Link both, or neither.");
  }
  if (inputs.dev !== undefined && inputs.test === undefined)
    return refuse('Port "dev" is linked, but "test" is not.', "Link the rows to be tested on to `test`.");
  if (parts.some(({ rows }) => "a" in rows !== "a" in inputs.train))
    return refuse("Some parts are sentences, others pairs.", "Link parts of one task.");
  return parts;
}

export default defineStage({
  name,
  version: 1,
  description:
    "Accuracy (× 100) of a linear classifier on an encoder's frozen embeddings, by SentEval's transfer protocol on labelled sentences or pairs.",
  config,
  inputs: {
    encoder: input(BiEncoder, "The encoder to evaluate."),
    train: inputOneOf<Rows>([Tokens, TokenPairs], "Sentences or pairs to train the classifier on."),
    trainGold: input(Gold, "Their classes."),
    dev: optionalInputOneOf<Rows>(
      [Tokens, TokenPairs],
      "Rows that choose the strength of L2; left out: folds of `train` do.",
    ),
    devGold: optionalInput(Gold, "Their classes."),
    test: optionalInputOneOf<Rows>([Tokens, TokenPairs], "Rows to test on; left out: each fold of `train` in turn."),
    testGold: optionalInput(Gold, "Their classes."),
  },
  outputs: {
    metrics: output(
      Metrics,
      "`average`, the accuracy × 100; `devAccuracy` × 100; for two classes with `test` also `f1` × 100 of class 1.",
    ),
  },
  usesSeed: true,
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn(name)(function* ({ config: { precision, protocol }, inputs, seed }) {
    const { encoder } = inputs;
    const parts = partsOf(inputs);
    if (!Array.isArray(parts)) return yield* parts;
    for (const part of parts) {
      const problem = problemOf(encoder, part);
      if (problem !== undefined) return yield* problem;
    }
    const classes = 1 + Math.max(...parts.flatMap(({ gold }) => [...new Set(gold.scores)]));
    const smallest = smallestClass(inputs.trainGold, classes);
    if (inputs.dev === undefined && smallest.rows < folds[protocol])
      return yield* refuse(
        `Class ${inputs.trainGold.classes?.[smallest.label] ?? smallest.label} has ${smallest.rows} rows to train on, fewer than the ${folds[protocol]} folds.`,
        "Link more rows of it, or take it out.",
      );
    const labelled: { [port: string]: LabelledRows } = {};
    for (const { port, rows, gold } of parts) {
      const features = yield* featuresOf(encoder, rows, precision);
      const dimension = features.length / gold.scores.length;
      labelled[port] = { dimension, features, classes: Int32Array.from(gold.scores) };
    }
    const { accuracy, devAccuracy, predicted } = yield* classified(labelled, classes, protocol, seed);
    const metrics = [
      { name: "average", value: 100 * accuracy },
      { name: "devAccuracy", value: 100 * devAccuracy },
    ];
    if (predicted === undefined || classes !== 2) return { metrics: { rows: metrics } };
    const f1 = f1Of(labelled["test"]!.classes, predicted);
    return { metrics: { rows: [...metrics, { name: "f1", value: 100 * f1 }] } };
  }),
});

/** Embeddings of sentences; of pairs |u − v| and u ∗ v side by side. @returns [rows, features] */
const featuresOf = Effect.fnUntraced(function* (encoder: BiEncoder, rows: Rows, precision: Precision) {
  const progress = yield* Progress;
  const engine = yield* Engine;
  const { encodeTokens } = yield* Effect.promise(() => import("../src/inference/encode.ts"));
  const { inferenceFailure } = yield* Effect.promise(() => import("../src/inference/inferenceFailure.ts"));
  const embed = (ids: Ragged) =>
    Effect.tryPromise({
      try: () =>
        encodeTokens(encoder, ids, engine, {
          precision,
          isInterrupted: progress.isInterrupted,
          onProgress: (done, total) => progress.report({ done, total, unit: "sentences" }),
        }),
      catch: inferenceFailure,
    });
  if (!("a" in rows)) return yield* embed(rows.ids);
  const [left, right] = [yield* embed(rows.a), yield* embed(rows.b)];
  const dimension = left.length / countOf(rows);
  const features = new Float32Array(2 * left.length);
  left.forEach((value, i) => {
    const at = i + Math.floor(i / dimension) * dimension;
    features[at] = Math.abs(value - right[i]!);
    features[at + dimension] = value * right[i]!;
  });
  return features;
});

/** The classifiers, as an effect: they report progress and end where the run does. */
const classified = Effect.fnUntraced(function* (
  labelled: { readonly [port: string]: LabelledRows },
  classes: number,
  protocol: keyof typeof folds,
  seed: number,
) {
  const progress = yield* Progress;
  const { classifierSettings } = yield* Effect.promise(() => import("../src/metrics/logisticRegression.ts"));
  const { transferAccuracy } = yield* Effect.promise(() => import("../src/metrics/transferAccuracy.ts"));
  const { InferenceInterrupted } = yield* Effect.promise(() => import("../src/inference/batchRunner.ts"));
  const { inferenceFailure } = yield* Effect.promise(() => import("../src/inference/inferenceFailure.ts"));
  const key = randomKey(seed, name);
  let drawn = 0;
  const options = {
    classes,
    folds: folds[protocol],
    classifier: classifierSettings[protocol],
    uniform: () => uniformAt(key, drawn++),
  };
  return yield* Effect.tryPromise({
    try: () =>
      transferAccuracy({ ...labelled, train: labelled["train"]! }, options, async (done, total) => {
        progress.report({ done, total, unit: "folds" });
        await new Promise((resolve) => setImmediate(resolve));
        if (progress.isInterrupted()) throw new InferenceInterrupted(done, total);
      }),
    catch: inferenceFailure,
  });
});

/** F1 of class 1, 0 to 1; 0 where it is neither there nor predicted. */
function f1Of(wanted: Int32Array, predicted: Int32Array): number {
  let [hits, ones] = [0, 0];
  wanted.forEach((label, row) => {
    hits += label === 1 && predicted[row] === 1 ? 1 : 0;
    ones += label + predicted[row]!;
  });
  return ones === 0 ? 0 : (2 * hits) / ones;
}

function smallestClass({ scores }: Gold, classes: number) {
  const rows = Array.from({ length: classes }, () => 0);
  scores.forEach((label) => rows[label]!++);
  const least = Math.min(...rows);
  return { label: rows.indexOf(least), rows: least };
}
