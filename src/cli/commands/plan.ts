/** `pipeline plan FILE`: what a run would do and why, value by value, with estimates from history; or the file resolved. */
import * as Effect from "effect/Effect";
import { type Plan, planGraph, type PlanStep } from "../../core/plan.ts";
import { formatDuration, plural } from "../../log/duration.ts";
import { renderTable } from "../../log/table.ts";
import { type Invocation, isOn, valuesOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { cacheLayer } from "../layers.ts";
import { printJson, printLines, writeOut } from "../output.ts";
import { openSession, perform } from "../session.ts";
import { whyText } from "../whyText.ts";

export async function plan(invocation: Invocation): Promise<number> {
  const { graph, cache } = await openSession(invocation);
  if (isOn(invocation, "resolved")) {
    const { resolvedYaml } = await import("../resolvedYaml.ts");
    writeOut(resolvedYaml(graph));
    return exitCodes.done;
  }
  const selection = { until: valuesOf(invocation, "until"), force: valuesOf(invocation, "force") };
  const planned = await perform(planGraph(graph, selection).pipe(Effect.provide(cacheLayer(cache))));
  if (isOn(invocation, "json")) printJson(planned);
  else printLines(planLines(planned));
  return exitCodes.done;
}

/** Each stale step with its reasons, then what all of it comes to. */
export function planLines({ steps, estimateMs }: Plan): ReadonlyArray<string> {
  const stale = steps.filter((step) => step.state !== "fresh");
  const fresh = steps.length - stale.length;
  if (stale.length === 0)
    return [`nothing to do: ${steps.length === 1 ? "the step is" : `all ${steps.length} steps are`} fresh`];
  const rows = stale.flatMap(stepRows);
  const columns = [
    { title: "step" },
    { title: "stage" },
    { title: "about", align: "right" as const },
    { title: "why" },
  ];
  const known = stale.filter((step) => step.estimateMs !== null).length;
  const unknown =
    known === 0 ? "" : known < stale.length ? `, and ${plural(stale.length - known, "step")} of unknown length` : "";
  const time = known === 0 ? "" : `, about ${formatDuration(estimateMs)}${unknown}`;
  return [...renderTable(columns, rows), "", `${plural(stale.length, "step")} to run, ${fresh} fresh${time}`];
}

function stepRows(step: PlanStep): ReadonlyArray<ReadonlyArray<string>> {
  const about = step.estimateMs === null ? "" : formatDuration(step.estimateMs);
  const state = step.state === "waits" ? ["not downloaded yet"] : [];
  const [first = "", ...rest] = [...state, ...step.why.map(whyText)];
  return [[step.step, step.stage, about, first], ...rest.map((reason) => ["", "", "", reason])];
}
