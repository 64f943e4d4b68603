/**
 * `evaluate-binary`: how well an encoder's scores tell pairs of two classes apart (paraphrase or not, answer or not): the area
 * under the ROC curve, as Trans-Encoder reports for QQP, QNLI and MRPC, and accuracy and F1 at the threshold that is best for
 * each on this very set, as sentence-transformers' evaluators report.
 *
 * The area needs no threshold and is unchanged by any monotone map of the scores; accuracy and F1 are those of the best
 * threshold in hindsight, so they flatter. An encoder that gives all pairs one score has 50, never NaN.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { BiEncoder, CrossEncoder, Gold, Metrics, TokenPairs } from "../src/artifact/index.ts";
import { input, inputOneOf, output } from "../src/core/ArtifactType.ts";
import { defineStage } from "../src/core/Stage.ts";
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
import { bestAccuracy, bestF1, rocAuc } from "../src/metrics/index.ts";

function mismatch(encoder: BiEncoder | CrossEncoder, pairs: TokenPairs, gold: Gold) {
  const problem = goldProblem(encoder, pairs, gold);
  if (problem !== undefined) return problem;
  const row = gold.scores.findIndex((score) => score !== 0 && score !== 1);
  if (row >= 0)
    return refuse(
      `Row ${row + 1} of the gold is ${gold.classes?.[gold.scores[row]!] ?? gold.scores[row]}: labels are 1 (alike) and 0 (not).`,
      "Graded scores are for evaluate-sts; of named classes read-pairs takes two, the first becomes 0: `classes: [no, yes]`.",
    );
  const constant = constantSet(gold);
  if (constant !== undefined)
    return refuse(
      `All labels of the set ${constant} are ${gold.scores[0]}: there is nothing to tell apart.`,
      "Evaluate on a set with pairs of both classes.",
    );
  return undefined;
}

/** AUC × 100 of each set by its name and their mean; accuracy and F1 × 100 with their thresholds, a set's name before them where there are several. */
function measures(gold: Gold, scores: Float32Array): Metrics["rows"] {
  const sets = rowsBySet(gold).map(({ set, rows }) => {
    const [labels, values] = [pick(gold.scores, rows), pick(scores, rows)];
    return {
      set,
      auc: 100 * rocAuc(labels, values),
      best: { accuracy: bestAccuracy(labels, values), f1: bestF1(labels, values) },
    };
  });
  const details = sets.flatMap(({ set, best }) =>
    Object.entries(best).flatMap(([measure, { value, threshold }]) => {
      const name = sets.length === 1 ? measure : `${set}.${measure}`;
      const row = { name, value: 100 * value };
      return Number.isFinite(threshold) ? [row, { name: `${name}Threshold`, value: threshold }] : [row];
    }),
  );
  return [
    ...sets.map(({ set, auc }) => ({ name: set, value: auc })),
    { name: "average", value: meanOf(sets.map(({ auc }) => auc)) },
    ...details,
  ];
}

export default defineStage({
  name: "evaluate-binary",
  version: 1,
  description:
    "Area under the ROC curve (× 100) of an encoder's scores for pairs labelled 1 or 0, by test set and on average; accuracy and F1 at their best thresholds.",
  config: Schema.Struct({ precision: precisionField, maxTokens: evaluationTokens }),
  inputs: {
    encoder: inputOneOf<BiEncoder | CrossEncoder>([BiEncoder, CrossEncoder], "The encoder to evaluate."),
    pairs: input(TokenPairs, "The test pairs, tokenized with the encoder's tokenizer."),
    gold: input(Gold, "Their labels, 1 or 0, from the same step as the pairs."),
  },
  outputs: {
    metrics: output(
      Metrics,
      "A row for each set and `average`: AUC × 100; `accuracy` and `f1` × 100, each with the threshold that gives it.",
    ),
  },
  usesEngine: true,
  runsIn: "worker",
  run: Effect.fn("evaluate-binary")(function* ({ config, inputs: { encoder: given, pairs, gold } }) {
    const problem = mismatch(given, pairs, gold);
    if (problem !== undefined) return yield* problem;
    const encoder = yield* withTokens(given, config.maxTokens);
    const scores = yield* scoresOf(encoder, pairs, config.precision);
    return { metrics: { rows: measures(gold, scores) } };
  }),
});
