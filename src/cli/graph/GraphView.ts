/**
 * A pipeline as it is drawn: nodes in nested groups, and edges. Folded, a loop is one group with each of its steps once and
 * what is carried to the next cycle as an edge of its own kind; unrolled, every cycle is a group.
 */
import { linksOf, type Graph, type Step } from "../../core/Graph.ts";
import { mainPort } from "../../core/Stage.ts";
import { stageLabel } from "../../core/StageFile.ts";
import { splitStepId } from "../../log/runTree.ts";

export interface ViewNode {
  readonly id: string;
  /** The last part of the id. */
  readonly label: string;
  readonly stage: string;
  /** Ids of the groups around it, outermost first. */
  readonly groups: ReadonlyArray<string>;
}

export interface ViewGroup {
  readonly id: string;
  readonly label: string;
}

export interface ViewEdge {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  /** Empty where it is the main port. */
  readonly fromPort: string;
  /** From a cycle of a loop to the next one; only in folded views. */
  readonly isCarried: boolean;
}

export interface GraphView {
  readonly name: string;
  /** In topological order. */
  readonly nodes: ReadonlyArray<ViewNode>;
  readonly groups: ReadonlyMap<string, ViewGroup>;
  readonly edges: ReadonlyArray<ViewEdge>;
}

export function graphView(graph: Graph, isUnrolled: boolean): GraphView {
  const idOf = (step: Step) => (isUnrolled ? step.id : step.declaredAs);
  const nodes = new Map<string, ViewNode>();
  const groups = new Map<string, ViewGroup>();
  const edges = new Map<string, ViewEdge>();
  for (const step of graph.steps) {
    const id = idOf(step);
    if (!nodes.has(id)) nodes.set(id, viewNode(graph, id, stageLabel(step.stage, graph.file), groups));
    for (const { port, link } of linksOf(step)) {
      const source = graph.steps[link.step]!;
      const fromPort = link.port === mainPort(source.stage) ? "" : link.port;
      const isCarried = !isUnrolled && crossesCycles(source, step);
      const edge = { from: idOf(source), to: id, port, fromPort, isCarried };
      edges.set(JSON.stringify(edge), edge);
    }
  }
  return { name: graph.name, nodes: [...nodes.values()], groups, edges: [...edges.values()] };
}

function viewNode(graph: Graph, id: string, stage: string, groups: Map<string, ViewGroup>): ViewNode {
  const parts = splitStepId(id);
  const paths = parts.slice(0, -1).map((_, i) => joinStepId(parts.slice(0, i + 1)));
  for (const [i, path] of paths.entries()) {
    if (!groups.has(path)) groups.set(path, { id: path, label: groupLabel(graph, path, parts[i]!) });
  }
  return { id, label: parts.at(-1)!, stage, groups: paths };
}

const joinStepId = (parts: ReadonlyArray<string>) => parts.join(".").replaceAll(".[", "[");

/** `distil, 3 cycles`; a cycle is `[2]`. */
function groupLabel(graph: Graph, path: string, last: string): string {
  const loop = graph.loops.find((each) => each.id === path || withoutCycles(each.id) === path);
  return loop === undefined ? last : `${last}, ${loop.cycles} cycle${loop.cycles === 1 ? "" : "s"}`;
}

const withoutCycles = (id: string) => id.replaceAll(/\[\d+\]/g, "");

/** Do two steps of one loop stand in different cycles of it? */
function crossesCycles(source: Step, target: Step): boolean {
  const [a, b] = [splitStepId(source.id), splitStepId(target.id)];
  const shared = a.findIndex((part, i) => part !== b[i]);
  return shared > 0 && /^\[\d+\]$/.test(a[shared] ?? "") && /^\[\d+\]$/.test(b[shared] ?? "");
}

/** The nodes and groups directly inside a group (`undefined`: the top level), in order of their first node. */
export function childrenOf(view: GraphView, group: string | undefined): ReadonlyArray<ViewNode | ViewGroup> {
  const found = new Map<string, ViewNode | ViewGroup>();
  for (const node of view.nodes) {
    const depth = group === undefined ? 0 : node.groups.indexOf(group) + 1;
    if (group !== undefined && depth === 0) continue;
    const inner = node.groups[depth];
    const child = inner === undefined ? node : view.groups.get(inner)!;
    if (!found.has(child.id)) found.set(child.id, child);
  }
  return [...found.values()];
}

export const isNode = (child: ViewNode | ViewGroup): child is ViewNode => "stage" in child;
