/** The graph as one SVG, drawn with no outside help: boxes in their groups, curves for links, dashes for what a loop carries on. */
import type { GraphView } from "./GraphView.ts";
import { isNode } from "./GraphView.ts";
import { type Box, layOut, movedBy } from "./layout.ts";

const margin = 20;
const titleHeight = 28;

export function svgText(view: GraphView): ReadonlyArray<string> {
  const { boxes, width, height } = layOut(view);
  const placed = boxes.map((box) => movedBy(box, margin, margin + titleHeight));
  const byId = new Map(placed.map((box) => [box.child.id, box]));
  const size = [Math.ceil(width + 2 * margin), Math.ceil(height + 2 * margin + titleHeight)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}" viewBox="0 0 ${size[0]} ${size[1]}" font-family="system-ui, sans-serif" font-size="12">`,
    `  <defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>`,
    `  <rect width="100%" height="100%" fill="#fff"/>`,
    `  <text x="${margin}" y="${margin + 10}" font-size="15" font-weight="600" fill="#223">${escape(view.name)}</text>`,
    ...placed.filter(({ child }) => !isNode(child)).map(groupSvg),
    ...view.edges.map((edge) => edgeSvg(byId.get(edge.from)!, byId.get(edge.to)!, edge.isCarried)),
    ...placed.filter(({ child }) => isNode(child)).map(nodeSvg),
    "</svg>",
  ];
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const at = (value: number) => String(Math.round(value * 10) / 10);
const frame = ({ x, y, width, height }: Box) => `x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}"`;

function groupSvg(box: Box): string {
  const fill = box.depth % 2 === 0 ? "#f3f6fb" : "#e8eef7";
  const label = `<text x="${at(box.x + 12)}" y="${at(box.y + 19)}" font-weight="600" fill="#456">${escape(box.child.label)}</text>`;
  return `  <g><rect ${frame(box)} rx="8" fill="${fill}" stroke="#b8c4d8"/>${label}</g>`;
}

function nodeSvg(box: Box): string {
  const stage = isNode(box.child) ? box.child.stage : "";
  const middle = at(box.x + box.width / 2);
  return [
    `  <g><title>${escape(box.child.id)}</title><rect ${frame(box)} rx="5" fill="#fff" stroke="#567"/>`,
    `<text x="${middle}" y="${at(box.y + 17)}" text-anchor="middle" fill="#123">${escape(box.child.label)}</text>`,
    `<text x="${middle}" y="${at(box.y + 32)}" text-anchor="middle" font-size="10" fill="#678">${escape(stage)}</text></g>`,
  ].join("");
}

/** From the right side of one box to the left side of the other; what is carried goes back underneath. */
function edgeSvg(from: Box, to: Box, isCarried: boolean): string {
  const stroke = isCarried ? 'stroke="#b06a2c" stroke-dasharray="5 4"' : 'stroke="#889"';
  const path = isCarried ? wayBack(from, to) : wayOn(from, to);
  return `  <path d="${path}" fill="none" ${stroke} marker-end="url(#arrow)"/>`;
}

function wayOn(from: Box, to: Box): string {
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2];
  const bend = Math.max(30, Math.abs(x2 - x1) / 2);
  return `M${at(x1)} ${at(y1)} C${at(x1 + bend)} ${at(y1)} ${at(x2 - bend)} ${at(y2)} ${at(x2)} ${at(y2)}`;
}

function wayBack(from: Box, to: Box): string {
  const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + from.height, to.x + to.width / 3, to.y + to.height];
  const low = Math.max(y1, y2) + 34;
  return `M${at(x1)} ${at(y1)} C${at(x1)} ${at(low)} ${at(x2)} ${at(low)} ${at(x2)} ${at(y2)}`;
}
