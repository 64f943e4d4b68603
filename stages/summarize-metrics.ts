/**
 * `summarize-metrics`: one number over several runs of the same evaluation (seeds, mostly): its mean, and how far runs lie apart.
 * What a method is worth is a mean with its spread: one seed of SimCSE may be two points above the next (methods §2.4).
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Metrics } from "../src/artifact/index.ts";
import { listInput, output } from "../src/core/ArtifactType.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage } from "../src/core/Stage.ts";
import { meanAndDeviation } from "../src/metrics/meanAndDeviation.ts";

const refuse = (message: string, hint: string) => new StageFailure({ cause: "stage-error", message, hint });

const namesOf = ({ rows }: Metrics): string => rows.map(({ name }) => name).join(", ");

/** Why these have no summary; undefined when they have. */
function mismatch(runs: ReadonlyArray<Metrics>): StageFailure | undefined {
  const [first, ...others] = runs;
  if (first === undefined)
    return refuse("There are no metrics to summarize.", 'Link those of all cells: metrics: "score[*]".');
  const unlike = others.findIndex((other) => namesOf(other) !== namesOf(first));
  if (unlike < 0) return undefined;
  return refuse(
    `The metrics are of unlike evaluations: the first have ${namesOf(first)}, number ${unlike + 2} has ${namesOf(others[unlike]!)}.`,
    "Summarize runs of the same evaluation.",
  );
}

function summaryOf(runs: ReadonlyArray<Metrics>): Metrics["rows"] {
  const summary: Array<Metrics["rows"][number]> = [];
  for (const [i, { name }] of runs[0]!.rows.entries()) {
    const { mean, deviation } = meanAndDeviation(runs.map(({ rows }) => rows[i]!.value));
    summary.push({ name, value: mean });
    if (deviation !== undefined) summary.push({ name: `${name}.sd`, value: deviation });
  }
  return summary.concat({ name: "runs", value: runs.length });
}

export default defineStage({
  name: "summarize-metrics",
  version: 1,
  description: "The mean of each number over several runs of an evaluation, and its standard deviation.",
  config: Schema.Struct({}),
  inputs: { metrics: listInput(Metrics, 'The metrics of each run, such as all cells of a matrix: "score[*]".') },
  outputs: {
    metrics: output(
      Metrics,
      "Of each number the mean under its own name and, of two runs or more, the sample standard deviation (divisor n − 1) as `NAME.sd`; `runs`, how many there were.",
    ),
  },
  run: ({ inputs: { metrics } }) => {
    const problem = mismatch(metrics);
    return problem === undefined ? Effect.succeed({ metrics: { rows: summaryOf(metrics) } }) : Effect.fail(problem);
  },
});
