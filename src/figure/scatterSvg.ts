/**
 * Labelled points with bars for their spread as one small SVG document, drawn with no outside help. Equal points give equal bytes:
 * places are rounded, and nothing is measured by a font.
 */
import { axisOf, type Axis } from "./axis.ts";
import { placeLabels } from "./placeLabels.ts";

export interface ScatterPoint {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  /** Half the length of the bars, from 0 on; left out: no bar. */
  readonly xSpread?: number | undefined;
  readonly ySpread?: number | undefined;
}

export interface Scatter {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: ReadonlyArray<ScatterPoint>;
}

const size = { width: 720, height: 480 };
const plot = { left: 76, right: 700, top: 44, bottom: 420 };
/** Okabe and Ito's, which colour-blind readers can tell apart. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f"];

/** @throws RangeError where there is no point, or one is no number */
export function scatterSvg({ title, xLabel, yLabel, points }: Scatter): string {
  const x = axisOf(
    points.map((point) => [point.x, point.xSpread ?? 0]),
    { from: plot.left, to: plot.right },
  );
  const y = axisOf(
    points.map((point) => [point.y, point.ySpread ?? 0]),
    { from: plot.bottom, to: plot.top },
  );
  const marks = points.map((point) => ({ label: point.label, x: x.place(point.x), y: y.place(point.y) }));
  const labels = placeLabels(marks, plot);
  const middle = { x: (plot.left + plot.right) / 2, y: (plot.top + plot.bottom) / 2 };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="12">`,
    `  <rect width="100%" height="100%" fill="#fff"/>`,
    `  <text x="${plot.left}" y="24" font-size="15" font-weight="600" fill="#223">${escaped(title)}</text>`,
    ...x.ticks.map((tick) => tickOfX(x, tick)),
    ...y.ticks.map((tick) => tickOfY(y, tick)),
    `  <rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left}" height="${plot.bottom - plot.top}" fill="none" stroke="#889"/>`,
    `  <text x="${at(middle.x)}" y="${plot.bottom + 44}" text-anchor="middle" fill="#223">${escaped(xLabel)}</text>`,
    `  <text transform="translate(20 ${at(middle.y)}) rotate(-90)" text-anchor="middle" fill="#223">${escaped(yLabel)}</text>`,
    ...points.map((point, i) => pointSvg(point, x, y, colours[i % colours.length]!)),
    ...labels.map(({ text, x, y, anchor }) => {
      return `  <text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" fill="#123">${escaped(text)}</text>`;
    }),
    "</svg>",
    "",
  ].join("\n");
}

function tickOfX(axis: Axis, tick: number): string {
  const x = at(axis.place(tick));
  return `  <g><path d="M${x} ${plot.top}V${plot.bottom}" stroke="#e4e8f0"/><text x="${x}" y="${plot.bottom + 18}" text-anchor="middle" fill="#456">${axis.text(tick)}</text></g>`;
}

function tickOfY(axis: Axis, tick: number): string {
  const y = axis.place(tick);
  return `  <g><path d="M${plot.left} ${at(y)}H${plot.right}" stroke="#e4e8f0"/><text x="${plot.left - 8}" y="${at(y + 4)}" text-anchor="end" fill="#456">${axis.text(tick)}</text></g>`;
}

/** Bars, the point over them, and its numbers for who points at it. */
function pointSvg({ label, x, y, xSpread, ySpread }: ScatterPoint, xAxis: Axis, yAxis: Axis, colour: string): string {
  const place = { x: at(xAxis.place(x)), y: at(yAxis.place(y)) };
  const bars = [
    ...(xSpread === undefined ? [] : [`M${at(xAxis.place(x - xSpread))} ${place.y}H${at(xAxis.place(x + xSpread))}`]),
    ...(ySpread === undefined ? [] : [`M${place.x} ${at(yAxis.place(y - ySpread))}V${at(yAxis.place(y + ySpread))}`]),
  ];
  const path = bars.length === 0 ? "" : `<path d="${bars.join("")}" stroke="${colour}"/>`;
  const numbers = `${numberText(x, xSpread)}, ${numberText(y, ySpread)}`;
  return `  <g><title>${escaped(label)}: ${numbers}</title>${path}<circle cx="${place.x}" cy="${place.y}" r="4.5" fill="${colour}"/></g>`;
}

const numberText = (value: number, spread: number | undefined): string =>
  spread === undefined ? value.toFixed(4) : `${value.toFixed(4)} ± ${spread.toFixed(4)}`;

const at = (value: number): string => String(Math.round(value * 10) / 10);
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
