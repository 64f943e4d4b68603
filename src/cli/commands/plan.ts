/** `pipeline plan FILE`: what a run would do and why, value by value, with estimates from history; or the file resolved. */
import * as Effect from "effect/Effect";
import type { Graph } from "../../core/Graph.ts";
import { type Plan, planGraph, type PlanStep } from "../../core/plan.ts";
import { counted } from "../../core/suggest.ts";
import { formatDuration } from "../../log/duration.ts";
import { renderTable } from "../../log/table.ts";
import { type Invocation, isOn, valuesOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { cacheLayer } from "../layers.ts";
import { printJson, printLines, writeOut } from "../output.ts";
import { openSession, perform } from "../session.ts";
import { whyText } from "../whyText.ts";

export async function plan(invocation: Invocation): Promise<number> {
  const session = await openSession(invocation);
  const { graph } = session;
  if (isOn(invocation, "resolved")) {
    const { resolvedYaml } = await import("../resolvedYaml.ts");
    writeOut(resolvedYaml(graph));
    return exitCodes.done;
  }
  const selection = { until: valuesOf(invocation, "until"), force: valuesOf(invocation, "force") };
  const planned = await perform(planGraph(graph, selection).pipe(Effect.provide(cacheLayer(session))));
  if (isOn(invocation, "json")) printJson(planned);
  else printLines(planLines(graph, planned));
  return exitCodes.done;
}

/** Each stale step with its reasons, then what all of it comes to. */
function planLines(graph: Graph, { steps, estimateMs }: Plan): ReadonlyArray<string> {
  const stale = steps.filter(({ state }) => state !== "fresh" && state !== "skipped");
  const fresh = steps.filter(({ state }) => state === "fresh").length;
  const left = steps.length - stale.length - fresh;
  const leftOut = left === 0 ? "" : `, ${counted(left, "step")} left out by loops that stop`;
  if (stale.length === 0)
    return [`nothing to do: ${fresh === 1 ? "the step is" : `all ${fresh} steps are`} fresh${leftOut}`];
  const rows = stale.flatMap((step) => stepRows(graph, step));
  const columns = [
    { title: "step" },
    { title: "stage" },
    { title: "about", align: "right" as const },
    { title: "why" },
  ];
  const known = stale.filter((step) => step.estimateMs !== null).length;
  const unknown =
    known === 0 ? "" : known < stale.length ? `, and ${counted(stale.length - known, "step")} of unknown length` : "";
  const time = known === 0 ? "" : `, about ${formatDuration(estimateMs)}${unknown}`;
  const atMost = stale.some(mayStayFresh) ? "at most " : "";
  return [
    ...renderTable(columns, rows),
    "",
    `${atMost}${counted(stale.length, "step")} to run, ${fresh} fresh${leftOut}${time}`,
  ];
}

/** Only what is not known yet speaks against its record: where it comes out the same, the step is a hit, or its loop is over. */
const mayStayFresh = ({ why }: PlanStep): boolean =>
  why.length > 0 && why.every(({ part, to }) => (part === "input" || part === "decision") && to === null);

function stepRows(graph: Graph, step: PlanStep): ReadonlyArray<ReadonlyArray<string>> {
  const about = step.estimateMs === null ? "" : formatDuration(step.estimateMs);
  const [first = "", ...rest] = step.why.map((difference) => whyText(graph, step.step, difference));
  return [[step.step, step.stage, about, first], ...rest.map((reason) => ["", "", "", reason])];
}
