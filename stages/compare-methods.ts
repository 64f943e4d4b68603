/**
 * `compare-methods`: several methods side by side: one table with a row for each, and one figure of how near their embeddings of
 * like sentences are (alignment) against how evenly all of them are spread (uniformity).
 *
 * Source of the figure: Gao, Yao, Chen, "SimCSE", EMNLP 2021, figure 2, after Wang and Isola, ICML 2020.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { Comparison, Figure, Metrics } from "../src/artifact/index.ts";
import { listInput, output } from "../src/core/ArtifactType.ts";
import { StageFailure } from "../src/core/errors.ts";
import { defineStage } from "../src/core/Stage.ts";
import type { ScatterPoint } from "../src/figure/scatterSvg.ts";

const refuse = (message: string, hint: string) => new StageFailure({ cause: "stage-error", message, hint });

const axis = (value: string, description: string) =>
  Schema.NonEmptyString.annotate({ description: `${description} Default ${value}.`, default: value }).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(value)),
  );

const config = Schema.Struct({
  names: Schema.Array(Schema.NonEmptyString)
    .check(
      Schema.makeFilter((names) => {
        const twice = names.find((name, i) => names.indexOf(name) < i);
        return twice === undefined ? undefined : `two methods are named ${twice}`;
      }),
    )
    .annotate({ description: "The methods' names, in the order of `metrics`." }),
  title: Schema.String.annotate({ description: "What stands above the figure. Default: nothing.", default: "" }).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("")),
  ),
  x: axis("uniformity", "The number along the figure's x axis."),
  y: axis("alignment", "The number along its y axis."),
});
type Config = typeof config.Type;

/** What the axes of the usual figure mean. */
const meanings: { readonly [name: string]: string } = {
  uniformity: "uniformity (lower: all sentences more evenly spread)",
  alignment: "alignment (lower: like sentences nearer to each other)",
};

const valueOf = ({ rows }: Metrics, name: string): number | undefined => rows.find((row) => row.name === name)?.value;

function comparisonOf(methods: ReadonlyArray<string>, metrics: ReadonlyArray<Metrics>): Comparison {
  const names = new Set(metrics.flatMap(({ rows }) => rows.map(({ name }) => name)));
  const columns = [...names].map((name) => {
    return { name, values: Float64Array.from(metrics, (each) => valueOf(each, name) ?? Number.NaN) };
  });
  return { methods, columns };
}

/** A point for each method that has both numbers; its label has the average, where there is one. */
function pointsOf({ names, x, y }: Config, metrics: ReadonlyArray<Metrics>): ReadonlyArray<ScatterPoint> {
  return metrics.flatMap((each, i) => {
    const place = { x: valueOf(each, x), y: valueOf(each, y) };
    if (place.x === undefined || place.y === undefined) return [];
    const average = valueOf(each, "average");
    const label = average === undefined ? names[i]! : `${names[i]!} ${average.toFixed(1)}`;
    const spread = { xSpread: valueOf(each, `${x}.sd`), ySpread: valueOf(each, `${y}.sd`) };
    return [{ label, x: place.x, y: place.y, ...spread }];
  });
}

export default defineStage({
  name: "compare-methods",
  version: 1,
  description: "Puts several methods side by side: a table, and a figure of alignment against uniformity.",
  config,
  inputs: {
    metrics: listInput(Metrics, "The metrics of each method, from `summarize-metrics` or from an evaluation itself."),
  },
  outputs: {
    table: output(
      Comparison,
      "A row for each method, a column for each number; empty where a method does not have it.",
    ),
    figure: output(
      Figure,
      "One labelled point for each method that has both numbers, with bars for the standard deviations: `pipeline show FILE STEP.figure --to figure.svg`.",
    ),
  },
  run: Effect.fnUntraced(function* ({ config, inputs: { metrics } }) {
    const { names, x, y } = config;
    if (names.length !== metrics.length)
      return yield* refuse(
        `There are metrics of ${metrics.length} methods, but ${names.length} names: ${names.join(", ")}.`,
        "Give each element of `metrics` one name, in their order.",
      );
    const points = pointsOf(config, metrics);
    if (points.length === 0)
      return yield* refuse(
        `No method has both numbers, ${x} and ${y}: there is nothing to draw.`,
        `They have ${[...new Set(metrics.flatMap(({ rows }) => rows.map(({ name }) => name)))].join(", ")}: set \`x\` and \`y\` to two of them.`,
      );
    if (points.length < metrics.length)
      yield* Effect.logWarning(
        `The figure leaves ${metrics.length - points.length} of ${metrics.length} methods out, which lack ${x} or ${y}.`,
      );
    const { scatterSvg } = yield* Effect.promise(() => import("../src/figure/scatterSvg.ts"));
    const labels = { title: config.title, xLabel: meanings[x] ?? x, yLabel: meanings[y] ?? y };
    return { table: comparisonOf(names, metrics), figure: { svg: scatterSvg({ ...labels, points }) } };
  }),
});
