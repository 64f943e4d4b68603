/** The graph as text: an indented tree for the terminal, and the languages of Mermaid and Graphviz. */
import { renderTable } from "../../log/table.ts";
import { childrenOf, type GraphView, isNode, type ViewEdge, type ViewNode } from "./GraphView.ts";

/** Each step with its stage and where its inputs come from. */
export function treeText(view: GraphView): ReadonlyArray<string> {
  const incoming = Map.groupBy(view.edges, (edge) => edge.to);
  const rows: Array<ReadonlyArray<string>> = [];
  const visit = (group: string | undefined, depth: number) => {
    for (const child of childrenOf(view, group)) {
      const label = "  ".repeat(depth) + child.label;
      if (isNode(child)) rows.push([label, child.stage, inputsText(child, incoming.get(child.id) ?? [])]);
      else {
        rows.push([label]);
        visit(child.id, depth + 1);
      }
    }
  };
  visit(undefined, 1);
  return [view.name, ...renderTable([{ title: "" }, { title: "" }, { title: "" }], rows)];
}

const between = ({ isCarried, isChoice }: ViewEdge) => (isCarried ? ", then " : isChoice ? " or " : ", ");

/** `pairs ← tokenPairs, encoder ← bi0, then student of the cycle before` */
function inputsText(node: ViewNode, edges: ReadonlyArray<ViewEdge>): string {
  const scope = node.groups.at(-1);
  const source = ({ from, fromPort, fromCells, isCarried }: ViewEdge) => {
    const near = scope !== undefined && from.startsWith(`${scope}.`) ? from.slice(scope.length + 1) : from;
    return `${near}${fromCells}${fromPort === "" ? "" : `.${fromPort}`}${isCarried ? " of the cycle before" : ""}`;
  };
  const sources = (ofPort: ReadonlyArray<ViewEdge>) =>
    ofPort.map((edge, i) => `${i === 0 ? "" : between(edge)}${source(edge)}`).join("");
  const ports = [...Map.groupBy(edges, (edge) => edge.port)];
  return ports.map(([port, ofPort]) => `${port} ← ${sources(ofPort)}`).join("; ");
}

/** As Mermaid takes it between double quotes. */
const mermaidQuote = (text: string) => `"${text.replaceAll('"', "#quot;")}"`;

export function mermaidText(view: GraphView): ReadonlyArray<string> {
  const names = shortNames(view);
  const lines = ["flowchart LR"];
  const visit = (group: string | undefined, indent: string) => {
    for (const child of childrenOf(view, group)) {
      const name = names.get(child.id)!;
      if (isNode(child))
        lines.push(`${indent}${name}[${mermaidQuote(`${child.label}<br/><small>${child.stage}</small>`)}]`);
      else {
        lines.push(`${indent}subgraph ${name}[${mermaidQuote(child.label)}]`);
        visit(child.id, `${indent}  `);
        lines.push(`${indent}end`);
      }
    }
  };
  visit(undefined, "  ");
  for (const { from, to, port, fromCells, isCarried } of view.edges) {
    const label = [port, fromCells].filter((part) => part !== "").join(" ");
    const arrow = isCarried ? `-. ${mermaidQuote(`${label}, next cycle`)} .->` : `-- ${mermaidQuote(label)} -->`;
    lines.push(`  ${names.get(from)} ${arrow} ${names.get(to)}`);
  }
  return lines;
}

const dotQuote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

export function dotText(view: GraphView): ReadonlyArray<string> {
  const names = shortNames(view);
  const lines = [`digraph ${dotQuote(view.name)} {`, "  rankdir=LR;", "  node [shape=box];"];
  const visit = (group: string | undefined, indent: string) => {
    for (const child of childrenOf(view, group)) {
      const name = names.get(child.id)!;
      if (isNode(child)) lines.push(`${indent}${name} [label=${dotQuote(`${child.label}\n${child.stage}`)}];`);
      else {
        lines.push(`${indent}subgraph cluster_${name} {`, `${indent}  label=${dotQuote(child.label)};`);
        visit(child.id, `${indent}  `);
        lines.push(`${indent}}`);
      }
    }
  };
  visit(undefined, "  ");
  for (const { from, to, port, fromCells, isCarried } of view.edges) {
    const label = [port, fromCells].filter((part) => part !== "").join(" ");
    const style = isCarried ? ", style=dashed, constraint=false" : "";
    lines.push(`  ${names.get(from)} -> ${names.get(to)} [label=${dotQuote(label)}${style}];`);
  }
  return [...lines, "}"];
}

/** Names of letters and digits only: ids hold dots and brackets. */
function shortNames(view: GraphView): ReadonlyMap<string, string> {
  const nodes = view.nodes.map(({ id }, i) => [id, `n${i + 1}`] as const);
  return new Map([...nodes, ...[...view.groups.keys()].map((id, i) => [id, `g${i + 1}`] as const)]);
}
