/**
 * `evaluate-sts`: how well an encoder orders pairs by likeness: Spearman's correlation of its scores with the gold, for each
 * test set as a whole (the "all" setting of SimCSE and Trans-Encoder) or by its parts, and the plain mean over sets.
 *
 * For bi-encoders also alignment (of the pairs above four fifths of the highest gold score: above 4 of 5 in STS, as in SimCSE)
 * and uniformity (Wang & Isola 2020) of the embeddings. An encoder that gives all pairs one score has 0, never NaN.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { BiEncoder, CrossEncoder, Gold, Metrics, TokenPairs } from "../src/artifact/index.ts";
import { input, inputOneOf, optionalInput, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
import { Engine } from "../src/engine/Engine.ts";
import {
  constantSet,
  evaluationTokens,
  goldProblem,
  meanOf,
  pick,
  refuse,
  rowsBySet,
  scoresOf,
  withTokens,
} from "../src/inference/evaluation.ts";
import { precisionField } from "../src/inference/options.ts";
import { type Aggregate, aggregatedSpearman, alignment, uniformity } from "../src/metrics/index.ts";
import { embeddingDimension } from "../src/nn/EncoderModel.ts";

/** Pairs above this share of the highest gold score count as having one meaning. */
const positiveShare = 0.8;

/** Why these inputs cannot be evaluated together; undefined when they can. */
function mismatch(
  encoder: BiEncoder | CrossEncoder,
  second: BiEncoder | undefined,
  pairs: TokenPairs,
  gold: Gold,
  aggregate: Aggregate,
) {
  if (second !== undefined && !areTowers(encoder, second))
    return refuse(
      "The encoders on the ports encoder and second are not two towers: their embeddings have no cosine.",
      "Link the outputs encoder and second of one train-sbert step with towers apart.",
    );
  const problem = goldProblem(encoder, pairs, gold);
  if (problem !== undefined) return problem;
  if (gold.classes !== undefined)
    return refuse(
      `The gold has classes (${gold.classes.join(", ")}), which are in no order.`,
      "Evaluate classes of two with evaluate-binary.",
    );
  if (aggregate !== "all" && gold.subsets === undefined)
    return refuse(
      `aggregate is ${aggregate}, but the gold does not say which part of its set a row is from.`,
      "Name the column that says it: `subsetColumn: source` of read-pairs.",
    );
  const constant = constantSet(gold);
  if (constant !== undefined)
    return refuse(
      `All gold scores of the set ${constant} are equal: there is no order to compare with.`,
      "Evaluate on a set whose scores differ.",
    );
  return undefined;
}

const areTowers = (encoder: BiEncoder | CrossEncoder, second: BiEncoder): boolean =>
  encoder.kind === "bi-encoder" &&
  encoder.tokenizer === second.tokenizer &&
  embeddingDimension(encoder) === embeddingDimension(second);

/** Spearman × 100 of each set, and their mean. */
function correlations(gold: Gold, scores: Float32Array, aggregate: Aggregate): Metrics["rows"] {
  const parts = gold.subsets ?? gold.sets;
  const rows = rowsBySet(gold).map(({ set, rows }) => ({
    name: set,
    value: 100 * aggregatedSpearman(pick(gold.scores, rows), pick(scores, rows), pick(parts, rows), aggregate),
  }));
  return [...rows, { name: "average", value: meanOf(rows.map((row) => row.value)) }];
}

function alignmentRow(gold: Gold, cosines: Float32Array): Metrics["rows"] {
  const highest = gold.scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const positive = cosines.filter((_, row) => gold.scores[row]! > positiveShare * highest);
  return positive.length === 0 ? [] : [{ name: "alignment", value: alignment(positive) }];
}

export default defineStage({
  name: "evaluate-sts",
  version: 1,
  description:
    "Spearman's correlation (× 100) of an encoder's scores with gold scores, by test set and on average; alignment and uniformity of bi-encoders.",
  config: Schema.Struct({
    precision: precisionField,
    aggregate: Schema.Literals(["all", "mean", "wmean"])
      .annotate({
        description:
          "One number for a set of several parts: all takes its rows together (SBERT, SimCSE, Trans-Encoder); mean averages the correlations of its parts, wmean weighs them by rows (BERT-flow, BERT-whitening). On STS12 they differ by ten points. Default all.",
        default: "all",
        absentMeans: "all",
      })
      .pipe(Schema.withDecodingDefaultKey(Effect.succeed("all" as const))),
    maxTokens: evaluationTokens,
  }),
  inputs: {
    encoder: inputOneOf<BiEncoder | CrossEncoder>([BiEncoder, CrossEncoder], "The encoder to evaluate."),
    second: optionalInput(
      BiEncoder,
      "Of two towers the encoder of second sides (`train-sbert`). Without it `encoder` embeds both.",
    ),
    pairs: input(TokenPairs, "The test pairs, tokenized with the encoder's tokenizer."),
    gold: input(Gold, "Their gold scores, from the same step as the pairs."),
  },
  outputs: {
    metrics: output(Metrics, "A row for each set, `average`, and for bi-encoders `alignment` and `uniformity`."),
  },
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("evaluate-sts")(function* ({ config, inputs: { encoder: given, second: other, pairs, gold } }) {
    const { precision, aggregate, maxTokens } = config;
    const problem = mismatch(given, other, pairs, gold, aggregate);
    if (problem !== undefined) return yield* problem;
    const encoder = yield* withTokens(given, maxTokens);
    const second = other === undefined ? undefined : yield* withTokens(other, maxTokens);
    const scores = yield* scoresOf(encoder, pairs, precision, second);
    const rows = correlations(gold, scores, aggregate);
    if (encoder.kind === "cross-encoder") return { metrics: { rows } };
    const engine = yield* Engine;
    const { spreadEmbeddings } = yield* Effect.promise(() => import("../src/inference/spreadEmbeddings.ts"));
    const { inferenceFailure } = yield* Effect.promise(() => import("../src/inference/inferenceFailure.ts"));
    const embeddings = yield* Effect.tryPromise({
      try: () => spreadEmbeddings(encoder, pairs, engine, { precision }, second),
      catch: inferenceFailure,
    });
    const spread = { name: "uniformity", value: uniformity(embeddings, embeddingDimension(encoder)) };
    return { metrics: { rows: [...rows, ...alignmentRow(gold, scores), spread] } };
  }),
});
