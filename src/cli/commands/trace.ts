/** `pipeline trace RUN METRIC-OR-DIGEST`: where a value of a run comes from, down to files and settings, and what was made of it. */
import * as Effect from "effect/Effect";
import { type BothWays, type LineageEdge, type LineageNode, lineageOf } from "../../core/lineage.ts";
import { findRun, readRun } from "../../core/pastRun.ts";
import { layerCache } from "../../store/cache.ts";
import { type Invocation, isOn, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { printJson, printLines } from "../output.ts";
import { type PastMetric, readPastMetrics } from "../pastMetrics.ts";
import { cacheFolder } from "../places.ts";
import { perform } from "../session.ts";
import { countRows, goldRowsOf } from "../traceRows.ts";
import { findTarget, type TraceTarget } from "../traceTarget.ts";
import { type Trace, traceLines } from "../traceText.ts";

export async function trace(invocation: Invocation): Promise<number> {
  const cache = cacheFolder(valueOf(invocation, "cache"), process.cwd());
  const [name, written] = invocation.operands;
  const traced = await perform(traceRun(name!, written!).pipe(Effect.provide(layerCache(cache))));
  if (isOn(invocation, "json")) printJson({ target: traced.target, nodes: traced.nodes, edges: traced.edges });
  else printLines(traceLines(traced, process.stdout.columns ?? 120));
  return exitCodes.done;
}

const traceRun = Effect.fnUntraced(function* (name: string, written: string) {
  const run = yield* readRun(yield* findRun(name));
  const metrics = yield* readPastMetrics(run);
  const found = yield* Effect.sync(() => findTarget(run, metrics, written));
  const { upstream, downstream, lineage } = lineageOf(run, found.target);
  const shown = shownMetrics(found, metrics, downstream);
  const rows = yield* countRows(lineage.nodes);
  const nodes: Array<Trace["nodes"][number]> = lineage.nodes.map((node) => withRows(node, rows.get(node.id)));
  const edges: Array<LineageEdge> = [...lineage.edges];
  for (const { step, digest, name, value } of shown) {
    const gold = yield* goldRowsOf(run, step, name);
    nodes.push({ id: `${step}.${name}`, kind: "metric", step, name, value, ...(gold === undefined ? {} : { gold }) });
    edges.push({ from: digest, to: `${step}.${name}`, port: name });
  }
  return { run: run.manifest.run, target: idOf(found), upstream, downstream, nodes, edges } satisfies Trace;
});

const withRows = (node: LineageNode, rows: number | undefined) => (rows === undefined ? node : { ...node, rows });

/** The metric asked for, or all that came of the target. */
function shownMetrics(
  { metric, target }: TraceTarget,
  metrics: ReadonlyArray<PastMetric>,
  downstream: BothWays["downstream"],
): ReadonlyArray<PastMetric> {
  if (metric !== undefined) return [metric];
  const own = target.kind === "step" ? [target.step] : [];
  const steps = new Set([...own, ...downstream]);
  const digest = target.kind === "artifact" ? target.digest : undefined;
  return metrics.filter((each) => steps.has(each.step) || each.digest === digest);
}

function idOf({ metric, target }: TraceTarget): string {
  if (metric !== undefined) return `${metric.step}.${metric.name}`;
  return target.kind === "step" ? target.step : target.digest;
}
