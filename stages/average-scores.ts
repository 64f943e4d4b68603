/**
 * The mean of several teachers' scores of the same pairs, for mutual distillation: encoders that differ (in seed, loss, backbone or
 * tokenizer) err differently, and their mean is a better teacher than each. The scores are of one range, so that a mean means
 * something; what ties them together is the digest of the pairs, not of any tokenization.
 *
 * Source: Liu et al., "Trans-Encoder", ICLR 2022, mutual distillation (plain mean).
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Scores } from "../src/artifact/index.ts";
import { listInput, outputSameAs } from "../src/core/ArtifactType.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage } from "../src/core/Stage.ts";

const refuse = (message: string, hint: string) => new StageFailure({ cause: "stage-error", message, hint });

/** Why these scores have no mean; undefined when they have. */
function mismatch(scores: ReadonlyArray<Scores>, weights?: ReadonlyArray<number>): StageFailure | undefined {
  const [first, ...others] = scores;
  if (first === undefined) return refuse("There are no scores to average.", "Link at least one: scores: [a, b].");
  const ofOtherPairs = others.find(({ pairs }) => pairs !== first.pairs);
  if (ofOtherPairs !== undefined)
    return refuse(
      `Some of the scores belong to pairs ${first.pairs.slice(0, 12)}, others to ${ofOtherPairs.pairs.slice(0, 12)}.`,
      "Average the scores that several encoders gave to the same pairs.",
    );
  const ofOtherRange = others.find(({ range }) => range !== first.range);
  if (ofOtherRange !== undefined)
    return refuse(
      `Some of the scores are of range ${first.range}, others of ${ofOtherRange.range}.`,
      "Average cosines with cosines, probabilities with probabilities.",
    );
  const ofOtherLength = others.find(({ values }) => values.length !== first.values.length);
  if (ofOtherLength !== undefined)
    return refuse(
      `Some of the scores have ${first.values.length} rows, others ${ofOtherLength.values.length}.`,
      "Average the scores that several encoders gave to the same pairs.",
    );
  if (weights === undefined || weights.length === scores.length) return undefined;
  return refuse(
    `There are ${weights.length} weights for ${scores.length} scores.`,
    "Give one weight for each of the linked scores, in their order, or none.",
  );
}

/** Row by row, summed in float64 in the order of the list. */
function meanOf(scores: ReadonlyArray<Scores>, weights: ReadonlyArray<number> = scores.map(() => 1)): Float32Array {
  const sums = new Float64Array(scores[0]!.values.length);
  for (const [i, { values }] of scores.entries())
    for (const [row, value] of values.entries()) sums[row]! += weights[i]! * value;
  const total = weights.reduce((sum, weight) => sum + weight);
  return Float32Array.from(sums, (sum) => sum / total);
}

const config = Schema.Struct({
  weights: Schema.optionalKey(
    Schema.NonEmptyArray(Schema.Finite.check(Schema.isGreaterThan(0))).annotate({
      description:
        "How much each of the scores counts, in their order, above 0; only their proportions matter. Default: all the same, as in the paper.",
    }),
  ),
});

export default defineStage({
  name: "average-scores",
  version: 1,
  description: "The mean of several encoders' scores of the same pairs, for mutual distillation.",
  config,
  inputs: { scores: listInput(Scores, "Scores of the same pairs, all of one range.") },
  outputs: { scores: outputSameAs<Scores>("scores", "Their mean, row by row.") },
  run: ({ config: { weights }, inputs: { scores } }) => {
    const problem = mismatch(scores, weights);
    if (problem !== undefined) return Effect.fail(problem);
    const { pairs, range } = scores[0]!;
    return Effect.succeed({ scores: { pairs, range, values: meanOf(scores, weights) } });
  },
});
