/**
 * Where boxes go: from left to right by the longest way from a source, groups laid out inside first and then placed as one
 * box. Within a layer, boxes stand near what they come from (a few barycentre sweeps). Sizes are in pixels.
 */
import { childrenOf, type GraphView, isNode, type ViewNode, type ViewGroup } from "./GraphView.ts";

export interface Box {
  readonly child: ViewNode | ViewGroup;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

const characterWidth = 7.2;
const nodeHeight = 40;
const gap = { x: 56, y: 16 };
const padding = { side: 16, top: 30, bottom: 30 };

export interface Layout {
  /** Groups before what is in them. */
  readonly boxes: ReadonlyArray<Box>;
  readonly width: number;
  readonly height: number;
}

export const layOut = (view: GraphView): Layout => layOutGroup(view, undefined, 0);

function layOutGroup(view: GraphView, group: string | undefined, depth: number): Layout {
  const children = childrenOf(view, group);
  const inner = new Map(
    children.map((child) => [child.id, isNode(child) ? nodeLayout(child) : groupLayout(view, child, depth)]),
  );
  const edges = liftedEdges(view, children);
  const layers = orderLayers(layersOf(children, edges), edges);
  const heights = layers.map((layer) => stackHeight(layer.map((id) => inner.get(id)!.height)));
  const height = Math.max(0, ...heights);
  const boxes: Array<Box> = [];
  let x = 0;
  for (const [i, layer] of layers.entries()) {
    const columnWidth = Math.max(...layer.map((id) => inner.get(id)!.width));
    const nodeWidth = Math.max(0, ...layer.map((id) => (view.groups.has(id) ? 0 : inner.get(id)!.width)));
    let y = (height - heights[i]!) / 2;
    for (const id of layer) {
      const placed = inner.get(id)!;
      const child = children.find((each) => each.id === id)!;
      boxes.push({ child, x, y, width: isNode(child) ? nodeWidth : placed.width, height: placed.height, depth });
      boxes.push(...placed.boxes.map((box) => movedBy(box, x, y)));
      y += placed.height + gap.y;
    }
    x += columnWidth + gap.x;
  }
  return { boxes, width: Math.max(0, x - gap.x), height };
}

export const movedBy = (box: Box, x: number, y: number): Box => ({ ...box, x: box.x + x, y: box.y + y });

const stackHeight = (heights: ReadonlyArray<number>) => heights.reduce((sum, height) => sum + height + gap.y, -gap.y);

const nodeLayout = ({ label, stage }: ViewNode): Layout => ({
  boxes: [],
  width: Math.ceil(Math.max(label.length, stage.length) * characterWidth) + 24,
  height: nodeHeight,
});

function groupLayout(view: GraphView, { id, label }: ViewGroup, depth: number): Layout {
  const { boxes, width, height } = layOutGroup(view, id, depth + 1);
  return {
    boxes: boxes.map((box) => movedBy(box, padding.side, padding.top)),
    width: Math.max(width, label.length * characterWidth) + 2 * padding.side,
    height: height + padding.top + padding.bottom,
  };
}

type Edges = ReadonlyArray<readonly [from: string, to: string]>;

/** Edges between children: those between what is inside them. What a loop carries to its next cycle moves nothing. */
function liftedEdges(view: GraphView, children: ReadonlyArray<ViewNode | ViewGroup>): Edges {
  const ids = new Set(children.map((child) => child.id));
  const holders = new Map(view.nodes.map((node) => [node.id, [...node.groups, node.id].find((id) => ids.has(id))]));
  const lifted = new Map<string, readonly [string, string]>();
  for (const edge of view.edges) {
    const [from, to] = [holders.get(edge.from), holders.get(edge.to)];
    if (!edge.isCarried && from !== undefined && to !== undefined && from !== to)
      lifted.set(`${from}\n${to}`, [from, to]);
  }
  return [...lifted.values()];
}

/** Layer of each child: one after the last of what it comes from. Two groups may feed each other; the count of rounds ends that. */
function layersOf(children: ReadonlyArray<ViewNode | ViewGroup>, edges: Edges): ReadonlyArray<ReadonlyArray<string>> {
  const layer = new Map(children.map((child) => [child.id, 0]));
  let moved = true;
  for (let round = 0; moved && round < children.length; round++) {
    moved = false;
    for (const [from, to] of edges) {
      const least = Math.min(layer.get(from)! + 1, children.length - 1);
      if (layer.get(to)! >= least) continue;
      layer.set(to, least);
      moved = true;
    }
  }
  const byLayer = Map.groupBy(layer.keys(), (id) => layer.get(id)!);
  return [...byLayer.keys()].sort((a, b) => a - b).map((index) => byLayer.get(index)!);
}

function orderLayers(layers: ReadonlyArray<ReadonlyArray<string>>, edges: Edges): ReadonlyArray<ReadonlyArray<string>> {
  const sources = Map.groupBy(edges, ([, to]) => to);
  const place = new Map<string, number>();
  return layers.map((layer) => {
    const centre = (id: string, i: number) => {
      const places = (sources.get(id) ?? []).map(([from]) => place.get(from)).filter((each) => each !== undefined);
      return places.length === 0 ? i / layer.length : places.reduce((sum, each) => sum + each, 0) / places.length;
    };
    const ordered = layer.map((id, i) => ({ id, centre: centre(id, i) })).sort((a, b) => a.centre - b.centre);
    for (const [i, { id }] of ordered.entries()) place.set(id, (i + 0.5) / layer.length);
    return ordered.map(({ id }) => id);
  });
}
