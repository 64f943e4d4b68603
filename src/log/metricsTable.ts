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
  const names = [...new Set(metrics.map((metric) => metric.name))];
  const rows = [...Map.groupBy(metrics, (metric) => metric.step)].map(([step, ofStep]) => {
    const values = new Map(ofStep.map((metric) => [metric.name, metric.value]));
    return [step].concat(names.map((name) => formatValue(values.get(name))));
  });
  const asColumns: ReadonlyArray<Column> = names.map((title) => ({ title, align: "right" }));
  const table = renderTable([{ title: "" }, ...asColumns], rows);
  return Math.max(...table.map((line) => line.length)) <= columns ? table : longTable(metrics);
}

/** Too many sets for the width: one line a number instead. */
const longTable = (metrics: ReadonlyArray<MetricRow>): ReadonlyArray<string> =>
  renderTable(
    [{ title: "step" }, { title: "metric" }, { title: "value", align: "right" }],
    metrics.map((metric) => [metric.step, metric.name, formatValue(metric.value)]),
  );

/** Two decimals, as papers give them; small numbers (a loss) keep four digits. */
function formatValue(value: number | undefined): string {
  if (value === undefined) return "";
  return Math.abs(value) >= 0.1 || value === 0 ? value.toFixed(2) : value.toPrecision(2);
}
