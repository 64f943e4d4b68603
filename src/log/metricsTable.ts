/** The table of metrics: one row per evaluation (start, SimCSE, each cycle's encoders), one column per set or number. */
import { type Column, renderTable } from "./table.ts";

/** As `metrics --json` gives them. */
export interface MetricRow {
  readonly step: string;
  /** Null outside of loops. */
  readonly cycle: number | null;
  readonly name: string;
  readonly value: number;
}

/** Lines; rows and columns in the order in which steps and names first come. `average` stands last of the sets. */
export function metricsTable(metrics: ReadonlyArray<MetricRow>, columns = Infinity): ReadonlyArray<string> {
  const { names, rows } = metricsCells(metrics);
  const asColumns: ReadonlyArray<Column> = names.map((title) => ({ title, align: "right" }));
  const table = renderTable(
    [{ title: "" }, ...asColumns],
    rows.map(({ step, cells }) => [step].concat(cells)),
  );
  return Math.max(...table.map((line) => line.length)) <= columns ? table : longTable(metrics, formatOf(metrics));
}

/** A row for each step: the text of each name's value, empty where it has none. */
export function metricsCells(metrics: ReadonlyArray<MetricRow>) {
  const names = [...new Set(metrics.map((metric) => metric.name))];
  const format = formatOf(metrics);
  const rows = [...Map.groupBy(metrics, (metric) => metric.step)].map(([step, ofStep]) => {
    const values = new Map(ofStep.map((metric) => [metric.name, metric.value]));
    return { step, cells: names.map((name) => (values.has(name) ? format(name, values.get(name)!) : "")) };
  });
  return { names, rows };
}

function formatOf(metrics: ReadonlyArray<MetricRow>): (name: string, value: number) => string {
  const decimals = new Map(
    [...Map.groupBy(metrics, (metric) => metric.name)].map(([name, ofName]) => [
      name,
      decimalsOf(ofName.map((metric) => metric.value)),
    ]),
  );
  return (name, value) => rounded(value, decimals.get(name)!);
}

/** Without the sign of what rounds to nothing: `-0.00` says no more than `0.00`. */
const rounded = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1");

/** Too many sets for the width: one line a number instead. */
const longTable = (
  metrics: ReadonlyArray<MetricRow>,
  format: (name: string, value: number) => string,
): ReadonlyArray<string> =>
  renderTable(
    [{ title: "step" }, { title: "metric" }, { title: "value", align: "right" }],
    metrics.map((metric) => [metric.step, metric.name, format(metric.name, metric.value)]),
  );

/** Two decimals, as papers give correlations; a column of small numbers (alignment) keeps four. */
const decimalsOf = (values: ReadonlyArray<number>): number => (values.every((value) => Math.abs(value) < 10) ? 4 : 2);
