/** `pipeline compare RUN RUN…`: configuration, metrics and timings of runs side by side; on a terminal what differs. */
import { basename } from "node:path";
import * as Effect from "effect/Effect";
import { stages } from "../../../stages/index.ts";
import type { Json } from "../../core/canonicalJson.ts";
import { compareConfigs, compareDurations, differs, namesOf, tellingRows } from "../../core/compareRuns.ts";
import type { Comparison, DurationRow, MetricsRow } from "../../core/compareRuns.ts";
import { findRun, type PastRun, readRun } from "../../core/pastRun.ts";
import { counted } from "../../core/suggest.ts";
import { formatDuration } from "../../log/duration.ts";
import { type Column, renderTable } from "../../log/table.ts";
import { layerCache } from "../../store/cache.ts";
import { type Invocation, isOn, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { printJson, printLines } from "../output.ts";
import { readPastMetrics } from "../pastMetrics.ts";
import { cacheFolder } from "../places.ts";
import { perform } from "../session.ts";

export async function compare(invocation: Invocation): Promise<number> {
  const cache = cacheFolder(valueOf(invocation, "cache"), process.cwd());
  const { runs, comparison } = await perform(compareRuns(invocation.operands).pipe(Effect.provide(layerCache(cache))));
  if (isOn(invocation, "json")) printJson(comparison);
  else printLines(comparisonLines(runs, comparison, isOn(invocation, "all")));
  return exitCodes.done;
}

const compareRuns = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const runs: Array<PastRun> = [];
  for (const name of names) runs.push(yield* readRun(yield* findRun(name)));
  const metrics = [];
  for (const run of runs) metrics.push(yield* readPastMetrics(run));
  const numbers = metrics.map((ofRun) => new Map(ofRun.map((each) => [JSON.stringify([each.step, each.name]), each])));
  const rows = namesOf(numbers).map((key) => {
    const [step, name] = JSON.parse(key) as [string, string];
    return { step, name, values: numbers.map((values) => values.get(key)?.value ?? null) };
  });
  const comparison = { config: compareConfigs(runs, stages), metrics: rows, durationMs: compareDurations(runs) };
  return { runs, comparison: comparison satisfies Comparison };
});

/** Timings shown without `--all`: those of the steps that took longest. */
const maxTimings = 12;

function comparisonLines(runs: ReadonlyArray<PastRun>, comparison: Comparison, isAll: boolean): ReadonlyArray<string> {
  const { config, metrics, durationMs } = comparison;
  const settings = isAll ? config : tellingRows(config);
  const numbers = isAll ? metrics : metrics.filter(differs);
  const ran = durationMs.filter(({ values }) => values.some((value) => value !== null));
  const longest = new Set(isAll ? durationMs : ran.toSorted(byLongest).slice(0, maxTimings));
  const timings = durationMs.filter((row) => longest.has(row));
  return [
    ...runLines(runs),
    "",
    ...section(
      "config",
      runs,
      settings.map(({ path, values }) => [path, ...values.map(configText)]),
      "left",
    ),
    "",
    ...section(
      "metrics",
      runs,
      numbers.map((row) => metricCells(row)),
      "right",
    ),
    "",
    ...section(
      "time",
      runs,
      timings.map((row) => timeCells(runs, row)),
      "right",
    ),
    ...moreLine(comparison, [settings.length, numbers.length, timings.length]),
  ];
}

const byLongest = (a: DurationRow, b: DurationRow): number =>
  Math.max(...b.values.map(Number)) - Math.max(...a.values.map(Number));

/** The runs by number, which head the columns below. */
const runLines = (runs: ReadonlyArray<PastRun>): ReadonlyArray<string> =>
  renderTable(
    [
      { title: "" },
      { title: "run" },
      { title: "file" },
      { title: "started" },
      { title: "status" },
      { title: "took", align: "right" },
    ],
    runs.map(({ manifest: { run, file, started, status, finished } }, i) => [
      `#${i + 1}`,
      run,
      basename(file),
      started.slice(0, 19).replace("T", " "),
      status,
      finished === null ? "" : formatDuration(Date.parse(finished) - Date.parse(started)),
    ]),
  );

function section(
  title: string,
  runs: ReadonlyArray<PastRun>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  align: "left" | "right",
): ReadonlyArray<string> {
  if (rows.length === 0) return [`${title}: no difference`];
  const values = runs.map((_, i): Column => ({ title: `#${i + 1}`, align, maxColumns: 40 }));
  const change: ReadonlyArray<Column> = rows[0]!.length > runs.length + 1 ? [{ title: "change", align }] : [];
  return renderTable([{ title }, ...values, ...change], rows);
}

/** A run has no such value. */
const none = "—";

/** Digests by their first digits, file names without their folders. */
function configText(value: Json): string {
  if (value === null) return none;
  if (Array.isArray(value)) return value.map(configText).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 10) : text;
}

/** With the change, where two runs are compared. */
function metricCells({ step, name, values }: MetricsRow): ReadonlyArray<string> {
  const [from, to] = values;
  const hasBoth = typeof from === "number" && typeof to === "number";
  const change = hasBoth ? `${to >= from ? "+" : ""}${rounded(to - from, from)}` : "";
  const texts = values.map((value) => (value === null ? none : rounded(value, value)));
  return [`${step}.${name}`, ...texts, ...(values.length === 2 ? [change] : [])];
}

/** As `metrics` shows them: correlations with two decimals, small numbers with four. */
const rounded = (value: number, like: number): string =>
  value.toFixed(Math.abs(like) < 10 ? 4 : 2).replace(/^-(0\.?0*)$/, "$1");

function timeCells(runs: ReadonlyArray<PastRun>, { step, values }: DurationRow): ReadonlyArray<string> {
  const texts = values.map((value, i) => {
    if (value !== null) return formatDuration(value);
    return runs[i]!.steps.some((past) => past.step === step) ? "hit" : none;
  });
  return [step, ...texts];
}

function moreLine(
  { config, metrics, durationMs }: Comparison,
  [settings, numbers, timings]: readonly [number, number, number],
): ReadonlyArray<string> {
  const hidden = [
    [config.length - settings, "setting"],
    [metrics.length - numbers, "metric"],
    [durationMs.length - timings, "timing"],
  ] as const;
  const left = hidden.filter(([count]) => count > 0).map(([count, noun]) => counted(count, noun));
  return left.length === 0 ? [] : ["", `not shown: ${left.join(", ")} (--all shows them)`];
}
