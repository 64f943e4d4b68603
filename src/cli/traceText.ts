/** A lineage as a person reads it: what is asked about, what it was made from in order, what was made of it. */
import type { Json } from "../core/canonicalJson.ts";
import type { LineageEdge, LineageNode } from "../core/lineage.ts";
import { counted } from "../core/suggest.ts";
import type { GoldRows } from "./traceRows.ts";
import { wrapText } from "./wrapText.ts";

export type TraceNode = LineageNode & { readonly rows?: number; readonly gold?: GoldRows };

export interface Trace {
  readonly run: string;
  /** The id of the node that was asked about; of a file its digest. */
  readonly target: string;
  /** Ids of steps, in the order of the run. */
  readonly upstream: ReadonlyArray<string>;
  readonly downstream: ReadonlyArray<string>;
  readonly nodes: ReadonlyArray<TraceNode>;
  readonly edges: ReadonlyArray<LineageEdge>;
}

export function traceLines(trace: Trace, columns: number): ReadonlyArray<string> {
  const { run, target, upstream, downstream } = trace;
  const own = trace.nodes.find(({ id }) => id === target);
  const isMetric = own?.kind === "metric";
  return [
    `${titleOf(trace, own)} (run ${run})`,
    ...section("made from, the earliest first:", upstream, trace, columns),
    ...section("of it were made:", downstream, trace, columns),
    ...(isMetric || downstream.length > 0 ? metricLines(trace, isMetric) : ["", "nothing was made of it in this run"]),
  ];
}

function titleOf({ target, nodes, edges }: Trace, own: TraceNode | undefined): string {
  const short = target.slice(0, 10);
  if (own?.kind === "metric") return `${own.id} = ${own.value}${goldText(own.gold)}`;
  if (own?.kind === "artifact") return `${short}: ${artifactText(own)}, ${own.outputs.join(" = ")}`;
  const files = nodes.flatMap((node) => (node.kind === "file" && node.digest === target ? [node.path] : []));
  if (files.length > 0) return `${short}: file ${files.join(", ")}`;
  const outputs = edges.flatMap(({ from, to, port }) => (from === target ? [`${port} ${to.slice(0, 10)}`] : []));
  return `${target}: ${outputs.join(", ")}`;
}

const goldText = (gold: GoldRows | undefined): string =>
  gold === undefined ? "" : `, on ${counted(gold.count, "row")} of gold (${gold.first} to ${gold.last})`;

function artifactText({ type, rows, sizeBytes }: TraceNode & { readonly kind: "artifact" }): string {
  return `${type}, ${rows === undefined ? sizeText(sizeBytes) : counted(rows, "row")}`;
}

const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${Math.max(0.1, bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

function section(title: string, steps: ReadonlyArray<string>, trace: Trace, columns: number): ReadonlyArray<string> {
  const { nodes, edges } = trace;
  if (steps.length === 0) return [];
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const into = Map.groupBy(edges, ({ to }) => to);
  const wrapped = (text: string) => wrapText(text, Math.max(40, columns - 4)).map((line) => `    ${line}`);
  const lines = steps.flatMap((id) => {
    const node = byId.get(id);
    if (node?.kind !== "step") return [`  ${id}: its record is no longer in the cache`];
    const inputs = (into.get(id) ?? []).map((edge) => `${edge.port} ← ${sourceText(byId.get(edge.from), edge.from)}`);
    const settings = settingsText(node.config, node.seed);
    return [
      `  ${id}  ${node.stage}  ${node.fingerprint.slice(0, 10)}`,
      ...(settings === "" ? [] : wrapped(settings)),
      ...(inputs.length === 0 ? [] : inputs.flatMap(wrapped)),
    ];
  });
  return ["", title, ...lines];
}

function sourceText(node: TraceNode | undefined, id: string): string {
  if (node?.kind === "file") return `${node.path} ${node.digest.slice(0, 10)}`;
  if (node?.kind !== "artifact") return id.slice(0, 10);
  return `${node.outputs[0] ?? "an earlier run"} ${id.slice(0, 10)} (${artifactText(node)})`;
}

/** Paths are told by the files they name. */
const settingsText = (config: { readonly [field: string]: Json | undefined }, seed: number | undefined): string =>
  [...Object.entries(config), ["seed", seed] as const]
    .filter(([, value]) => value !== undefined && !isFiles(value))
    .map(([field, value]) => `${field}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");

const isFiles = (value: Json | undefined): boolean => typeof value === "object" && value !== null && "files" in value;

const metricLines = ({ nodes }: Trace, isTarget: boolean): ReadonlyArray<string> => {
  const metrics = nodes.flatMap((node) => (node.kind === "metric" ? [`  ${node.id} = ${node.value}`] : []));
  return isTarget || metrics.length === 0 ? [] : ["", "numbers that came of it:", ...metrics];
};
