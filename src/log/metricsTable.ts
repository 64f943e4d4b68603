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

/** What a summary calls the standard deviation of a number: the table has it behind that number, not in a column of its own. */
const deviationEnding = ".sd";

/** Lines; rows and columns in the order in which steps and names first come. `average` stands last of the sets. */
export function metricsTable(metrics: ReadonlyArray<MetricRow>, columns = Infinity): ReadonlyArray<string> {
  const cells = metricsCells(metrics);
  const { names, rows } = cells;
  const asColumns: ReadonlyArray<Column> = names.map((title) => ({ title, align: "right" }));
  const table = renderTable(
    [{ title: "" }, ...asColumns],
    rows.map(({ step, cells }) => [step].concat(cells)),
  );
  return Math.max(...table.map((line) => line.length)) <= columns ? table : longTable(cells);
}

/** A row for each step: the text of each name's value, empty where it has none. */
export function metricsCells(metrics: ReadonlyArray<MetricRow>) {
  const all = new Set(metrics.map((metric) => metric.name));
  const names = [...all].filter((name) => !isDeviation(name, all));
  const format = formatOf(metrics);
  const rows = [...Map.groupBy(metrics, (metric) => metric.step)].map(([step, ofStep]) => {
    const values = new Map(ofStep.map((metric) => [metric.name, metric.value]));
    return { step, cells: names.map((name) => cellOf(name, values, format)) };
  });
  return { names, rows };
}

type Format = (name: string, value: number) => string;

const isDeviation = (name: string, names: { readonly has: (name: string) => boolean }): boolean =>
  name.endsWith(deviationEnding) && names.has(name.slice(0, -deviationEnding.length));

/** `62.25 ± 0.41`, as many decimals in both; empty where a step does not have the number. */
function cellOf(name: string, values: ReadonlyMap<string, number>, format: Format): string {
  const value = values.get(name);
  const deviation = values.get(name + deviationEnding);
  if (value === undefined) return "";
  return deviation === undefined ? format(name, value) : `${format(name, value)} ± ${format(name, deviation)}`;
}

function formatOf(metrics: ReadonlyArray<MetricRow>): Format {
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
const longTable = ({ names, rows }: ReturnType<typeof metricsCells>): ReadonlyArray<string> =>
  renderTable(
    [{ title: "step" }, { title: "metric" }, { title: "value", align: "right" }],
    rows.flatMap(({ step, cells }) => names.flatMap((name, i) => (cells[i] === "" ? [] : [[step, name, cells[i]!]]))),
  );

/** Two decimals, as papers give correlations; a column of small numbers (alignment) keeps four, one of counts none. */
function decimalsOf(values: ReadonlyArray<number>): number {
  if (values.every(Number.isInteger)) return 0;
  return values.every((value) => Math.abs(value) < 10) ? 4 : 2;
}
