/**
 * Decides after a cycle whether its loop goes on: it stops when the last `patience` cycles brought nothing better than the best
 * before them. Each decision hands on what the next one needs, so that it depends on the numbers and on nothing else.
 *
 * Written as `stop` on a loop, which makes one such step a cycle; the run heeds what it says (src/core/decisions.ts).
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Decision, Metrics } from "../src/artifact/index.ts";
import { input, optionalInput, output } from "../src/core/ArtifactType.ts";
import { stopStage } from "../src/core/decisions.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage } from "../src/core/Stage.ts";
import { nameHint } from "../src/core/suggest.ts";

/** Equal is not better: a metric that stands still is out of patience too. */
function decide(value: number, before: Decision | undefined, patience: number, better: "higher" | "lower"): Decision {
  const cycle = (before?.cycle ?? 0) + 1;
  const isBest = before === undefined || (better === "higher" ? value > before.best : value < before.best);
  const { best, bestCycle } = isBest ? { best: value, bestCycle: cycle } : before;
  return { cycle, value, best, bestCycle, stops: cycle - bestCycle >= patience };
}

export default defineStage({
  name: stopStage,
  version: 1,
  description: "Decides whether a loop goes on after a cycle; `stop` on the loop makes these steps.",
  config: Schema.Struct({
    metric: Schema.NonEmptyString.annotate({
      description: "the number to watch: a row of the metrics, such as average",
    }),
    patience: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))
      .annotate({ description: "cycles without a better value after which the loop ends; at least 1" })
      .pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
    better: Schema.Literals(["higher", "lower"])
      .annotate({ description: "which value is the better one" })
      .pipe(Schema.withDecodingDefaultKey(Effect.succeed("higher" as const))),
  }),
  inputs: {
    metrics: input(Metrics, "The numbers of this cycle."),
    before: optionalInput(Decision, "The decision of the cycle before."),
  },
  outputs: { decision: output(Decision, "Whether the loop goes on, with the best value so far.") },
  run: ({ config: { metric, patience, better }, inputs: { metrics, before } }) => {
    const row = metrics.rows.find(({ name }) => name === metric);
    if (row !== undefined) return Effect.succeed({ decision: decide(row.value, before, patience, better) });
    const names = metrics.rows.map(({ name }) => name);
    return Effect.fail(
      new StageFailure({
        cause: "stage-error",
        message: `There is no number "${metric}" among the metrics that the loop's \`stop\` watches.`,
        hint: nameHint(metric, names, "They are"),
      }),
    );
  },
});
