/**
 * A pipeline as it is drawn: nodes in nested groups, and edges. Folded, a loop is one group with each of its steps once and
 * what is carried to the next cycle as an edge of its own kind, and a matrix is one step or loop with a word on its cells;
 * unrolled, every cycle is a group, and every matrix.
 */
import { linksOf, type Graph, type Link, type LoopInfo, type MatrixInfo, type Step } from "../../core/Graph.ts";
import { mainPort } from "../../core/Stage.ts";
import { stageLabel } from "../../core/StageFile.ts";
import { counted, listed } from "../../core/suggest.ts";
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
  /** In folded views the cells of a matrix that are meant: `[seed=1]`, `[*]`; empty where each cell takes that of its own values. */
  readonly fromCells: string;
  /** One of several that a loop which may stop chooses among. */
  readonly isChoice: boolean;
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
  const labels = labeller(graph, isUnrolled);
  const cells = new LinkedCells(graph);
  for (const step of graph.steps) {
    const id = idOf(step);
    if (!nodes.has(id)) nodes.set(id, viewNode(labels, id, stageLabel(step.stage, graph.file), groups));
    for (const { port, link } of linksOf(step)) {
      const source = graph.steps[link.step]!;
      const fromPort = link.port === mainPort(source.stage) ? "" : link.port;
      const isCarried = !isUnrolled && crossesCycles(source, step);
      const fromCells = isUnrolled ? "" : cells.meant(source, step, port);
      const isChoice = (step.inputs[port] as Partial<Link>).otherwise !== undefined;
      const edge = { from: idOf(source), to: id, port, fromPort, fromCells, isCarried, isChoice };
      edges.set(JSON.stringify(edge), edge);
    }
  }
  return { name: graph.name, nodes: [...nodes.values()], groups, edges: [...edges.values()] };
}

/** Which cells of a matrix a port of a step is linked to. */
class LinkedCells {
  private readonly counts: ReadonlyMap<string, number>;

  constructor({ matrices }: Graph) {
    this.counts = new Map(matrices.map(({ declaredAs, cells }) => [declaredAs, cells]));
  }

  /** Axes on which the two agree, as steps of one matrix do, are left out. */
  meant(source: Step, target: Step, port: string): string {
    const [cell] = cellsOf(source).slice(-1);
    const count = this.counts.get(source.declaredAs);
    if (cell === undefined || count === undefined) return "";
    const links = target.inputs[port]!;
    if (Array.isArray(links) && links.length >= count) return "[*]";
    const around = new Set(cellsOf(target).flat());
    const own = cell.filter((value) => !around.has(value));
    return own.length === 0 ? "" : `[${own.join(",")}]`;
  }
}

/** `[["loss=bce", "seed=1"]]` of `bi0[loss=bce,seed=1]`: one for each matrix around it, its own last. */
const cellsOf = ({ id }: Step): ReadonlyArray<ReadonlyArray<string>> =>
  [...id.matchAll(/\[([^[\]]*=[^[\]]*)\]/g)].map(([, label]) => label!.split(","));

type Labeller = (path: string, last: string) => string;

function viewNode(label: Labeller, id: string, stage: string, groups: Map<string, ViewGroup>): ViewNode {
  const parts = splitStepId(id);
  const paths = parts.slice(0, -1).map((_, i) => joinStepId(parts.slice(0, i + 1)));
  for (const [i, path] of paths.entries()) {
    if (!groups.has(path)) groups.set(path, { id: path, label: label(path, parts[i]!) });
  }
  return { id, label: label(id, parts.at(-1)!), stage, groups: paths };
}

const joinStepId = (parts: ReadonlyArray<string>) => parts.join(".").replaceAll(".[", "[");

/** `distil, 3 cycles`; `bi0, 6 cells (loss: bce, mse; seed: 1, 2, 3)`; a cycle is `[2]`. */
function labeller(graph: Graph, isUnrolled: boolean): Labeller {
  const pathOf = (id: string) => (isUnrolled ? id : id.replaceAll(/\[[^\]]*\]/g, ""));
  // Of what stands in a loop and so is there several times, the first speaks for all.
  const cells = new Map(graph.matrices.toReversed().map((matrix) => [pathOf(matrix.id), cellWords(matrix)]));
  const cycles = new Map(graph.loops.toReversed().map((loop) => [pathOf(loop.id), cycleWords(loop)]));
  return (path, last) => [last, cells.get(path), cycles.get(path)].filter((part) => part !== undefined).join(", ");
}

const cycleWords = ({ cycles, decisions }: LoopInfo): string =>
  `${decisions === undefined ? "" : "at most "}${counted(cycles, "cycle")}`;

function cellWords({ axes, cells }: MatrixInfo): string {
  const values = Object.entries(axes).map(([axis, list]) => `${axis}: ${listed(list.map(String), 6)}`);
  return `${counted(cells, "cell")} (${values.join("; ")})`;
}

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
