/**
 * `group-pairs`: pairs that a model scores high → Groups of sentences that mean the same, for `train-simbert` without labels: a
 * chain of such pairs is one group.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Groups, Pairs, Scores } from "../src/artifact/index.ts";
import { input, output } from "../src/core/ArtifactType.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage } from "../src/core/Stage.ts";
import { groupsFrom, joinedByPairs } from "../src/text/groups.ts";

const refuse = (message: string, hint: string) => new StageFailure({ cause: "stage-error", message, hint });

export default defineStage({
  name: "group-pairs",
  version: 1,
  description:
    "Joins pairs that a model scores high to groups of sentences that mean the same; a chain of pairs is one group.",
  config: Schema.Struct({
    threshold: Schema.Finite.check(Schema.isBetween({ minimum: -1, maximum: 1 }))
      .annotate({
        description:
          "Pairs of at least this score are joined, -1 to 1: a cosine or a probability, whichever the scores are. Default 0.9.",
        default: 0.9,
      })
      .pipe(Schema.withDecodingDefaultKey(Effect.succeed(0.9))),
  }),
  inputs: {
    pairs: input(Pairs, "Pairs, some of which mean the same."),
    scores: input(Scores, "Their scores, from `pseudo-label`."),
  },
  outputs: { groups: output(Groups, "Groups of at least two sentences, in the order of the pairs.") },
  run: Effect.fnUntraced(function* ({ config: { threshold }, inputs: { pairs, scores }, inputDigests }) {
    const digest = String(inputDigests["pairs"]);
    if (scores.pairs !== digest)
      return yield* refuse(
        `The scores belong to pairs ${scores.pairs.slice(0, 12)}, but port "pairs" has ${digest.slice(0, 12)}.`,
        "Link pairs and scores of the same step.",
      );
    const chosen = [...pairs.a.keys()].filter((row) => scores.values[row]! >= threshold);
    const groups = joinedByPairs(chosen.map((row) => [pairs.a[row]!, pairs.b[row]!] as const));
    if (groups.length === 0)
      return yield* refuse(
        `No two different sentences have a score of at least ${threshold}: the highest of ${scores.values.length} is ${highest(scores.values)}.`,
        "Set `threshold` lower, or link more pairs.",
      );
    return { groups: groupsFrom(groups) };
  }),
});

const highest = (values: Float32Array): string => values.reduce((most, value) => Math.max(most, value), -1).toFixed(3);
