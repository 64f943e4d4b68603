/** The text of a link taken apart: `distil[loss=mse][last].student.encoder` is three segments, the first with two selectors. */
import type { CellSelector } from "./matrix.ts";
import { namePattern } from "./PipelineFile.ts";
import { quoted } from "../core/suggest.ts";

/** Which cycle: a number from 1, the last one, or all as a list; or which cell of a matrix (`all`: every one). */
export type Selector = number | "last" | "all" | CellSelector;

export interface Segment {
  readonly name: string;
  /** At most two: a cell, then a cycle. */
  readonly selectors: ReadonlyArray<Selector>;
}

export interface LinkSyntax {
  readonly text: string;
  readonly segments: readonly [Segment, ...Array<Segment>];
}

export interface LinkProblem {
  readonly problem: string;
  readonly hint: string | undefined;
}

const segmentPattern = /^([^[\].]*)((?:\[[^[\]]*\]){0,2})$/;

export function parseLink(text: string): LinkSyntax | LinkProblem {
  const segments: Array<Segment> = [];
  // Dots inside brackets belong to a matrix cell, `bi0[temperature=0.05]`.
  for (const part of text.trim().split(/\.(?![^[]*\])/)) {
    const segment = parseSegment(part, text);
    if ("problem" in segment) return segment;
    segments.push(segment);
  }
  return { text: text.trim(), segments: segments as [Segment, ...Array<Segment>] };
}

const forms = [
  ...["step", "step.port", "step[axis=value]", "step[*]", "loop[2].step.port", "loop[last].…", "loop[*].…"].map(quoted),
  "or `loop.name`",
].join(", ");

function parseSegment(part: string, text: string): Segment | LinkProblem {
  const match = segmentPattern.exec(part);
  const name = match?.[1] ?? "";
  if (match === null || !namePattern.test(name)) {
    return { problem: `${quoted(text)} is not a link`, hint: `links are written ${forms}` };
  }
  const selectors: Array<Selector> = [];
  for (const [, inside] of match[2]!.matchAll(/\[([^[\]]*)\]/g)) {
    const selector = parseSelector(inside!.trim());
    if (selector === undefined) {
      return {
        problem: `${quoted(`[${inside}]`)} in ${quoted(text)} names no cycle and no cell`,
        hint: "cycles are written [1], [2], …, [last], cells of a matrix [axis=value], and [*] means all of them",
      };
    }
    selectors.push(selector);
  }
  return { name, selectors };
}

function parseSelector(text: string): Selector | undefined {
  if (text === "last") return "last";
  if (text === "*") return "all";
  if (/^\d+$/.test(text)) return Number(text);
  const entries = text.split(",").map((entry) => entry.split("=").map((side) => side.trim()));
  const isCell = entries.every(([axis, value, ...more]) => namePattern.test(axis!) && !!value && more.length === 0);
  return isCell ? entries.map(([axis, value]) => [axis!, value!] as const) : undefined;
}

export const isCellSelector = (selector: Selector | undefined): selector is CellSelector =>
  typeof selector === "object";
