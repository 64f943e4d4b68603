/**
 * Matrices: from axes with their values to cells, one for each combination, and the cell that a link means.
 *
 * Cells stand in written order, the last axis moving fastest; a cell is named by its values, `loss=bce,seed=1`.
 */
import type { MatrixDeclaration } from "./declarations.ts";
import { evaluate, originKey, type MatrixValues, type Surroundings } from "./expression.ts";
import { givenWords } from "./expected.ts";
import type { Place, Reporter } from "./Reporter.ts";
import { quoted } from "../core/suggest.ts";
import type { Entry, YamlNode } from "./YamlNode.ts";

type Scalar = string | number | boolean;

export interface Axis {
  readonly name: string;
  readonly values: ReadonlyArray<Scalar>;
}

export interface Cell {
  /** `loss=bce,seed=1`. */
  readonly label: string;
  readonly values: MatrixValues;
}

/** The axes of a matrix; undefined where one is unusable, which is reported. */
export function axesOf(
  { axes }: MatrixDeclaration,
  surroundings: Surroundings,
  reporter: Reporter,
): ReadonlyArray<Axis> | undefined {
  const found = axes.map((entry) => axisOf(entry, surroundings, reporter));
  return found.includes(undefined) ? undefined : (found as ReadonlyArray<Axis>);
}

function axisOf(entry: Entry, surroundings: Surroundings, reporter: Reporter): Axis | undefined {
  const { key: name, keySpan, value: node } = entry;
  if (surroundings.matrix.has(name)) {
    const message = `the axis ${quoted(name)} is one of a matrix around this step already`;
    return void reporter.report(keySpan, message, "name it otherwise: `${matrix.…}` must mean one value");
  }
  if (!isList(node)) return undefined;
  const { value, origins, broken } = evaluate(node, surroundings, reporter);
  if (broken.length > 0) return undefined;
  const argument = origins.get(originKey([]))?.argument;
  const place: Place = argument === undefined ? node.span : { argument };
  const problem = (message: string, hint?: string) =>
    void reporter.report(place, `axis ${quoted(name)} of the matrix ${message}`, hint);
  if (!Array.isArray(value)) return problem(`must be a list, not ${givenWords(value)}`);
  const values = value as ReadonlyArray<Scalar>;
  if (values.length === 0) return problem("has no values");
  const unspellable = values.find((each) => !isSpellable(each));
  if (unspellable !== undefined) {
    const hint = "a value names its cell, so it cannot hold [ ] , = or a line's end, nor begin or end with a space";
    return problem(`has the value ${givenWords(unspellable)}`, hint);
  }
  const twice = values.find((each, at) => values.findIndex((other) => String(other) === String(each)) < at);
  return twice === undefined ? { name, values } : problem(`has the value ${quoted(String(twice))} twice`);
}

/** Of the form that the schema wants: other forms were reported with the file's structure. */
const isList = (node: YamlNode): boolean =>
  node.kind === "sequence"
    ? node.items.every((item) => item.kind === "scalar" && item.value !== null)
    : node.kind === "scalar" && typeof node.value === "string" && node.value.includes("${");

const isSpellable = (value: unknown): boolean =>
  typeof value === "number" ||
  typeof value === "boolean" ||
  (typeof value === "string" && /^(?!\*$)[^[\],=\s](?:[^[\],=\n\r]*[^[\],=\s])?$/.test(value));

export const cellCount = (axes: ReadonlyArray<Axis>): number =>
  axes.reduce((count, { values }) => count * values.length, 1);

export function cellsOf(axes: ReadonlyArray<Axis>, around: MatrixValues): ReadonlyArray<Cell> {
  let cells: ReadonlyArray<ReadonlyArray<readonly [string, Scalar]>> = [[]];
  for (const { name, values } of axes) {
    cells = cells.flatMap((cell) => values.map((value) => cell.concat([[name, value]])));
  }
  return cells.map((cell) => ({ label: labelOf(cell), values: new Map([...around, ...cell]) }));
}

const labelOf = (cell: ReadonlyArray<readonly [axis: string, value: unknown]>): string =>
  cell.map(([axis, value]) => `${axis}=${String(value)}`).join(",");

/** What stands in brackets, `loss=bce,seed=*`: axis → text; `*` means all values of that axis. */
export type CellSelector = ReadonlyArray<readonly [axis: string, text: string]>;

/**
 * The labels of the cells that a selector means, in written order. Axes it leaves out are taken from `around`, the cell that
 * the link stands in; undefined where an axis is not settled, or a value is none of its axis'.
 */
export function labelsOf(
  axes: ReadonlyArray<Axis>,
  selector: CellSelector,
  around: MatrixValues,
): ReadonlyArray<string> | undefined {
  const texts = new Map(selector);
  if (selector.some(([axis]) => !axes.some(({ name }) => name === axis))) return undefined;
  const chosen: Array<Axis> = [];
  for (const { name, values } of axes) {
    const text = texts.get(name) ?? (around.has(name) ? String(around.get(name)) : undefined);
    const kept = text === "*" ? values : values.filter((value) => text !== undefined && isWritten(value, text));
    if (kept.length === 0) return undefined;
    chosen.push({ name, values: kept });
  }
  return cellsOf(chosen, new Map()).map(({ label }) => label);
}

/** Is the text one way to write the value? `3e-5` and `0.00003` are one number. */
const isWritten = (value: Scalar, text: string): boolean =>
  String(value) === text || (typeof value === "number" && text !== "" && Number(text) === value);
