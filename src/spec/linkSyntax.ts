/** The text of a link taken apart: `distil[last].student.encoder` is three segments, the first with a selector. */
import { namePattern } from "./PipelineFile.ts";
import { quoted } from "../core/suggest.ts";

/** Which cycle: a number from 1, the last one, or all as a list. */
export type Selector = number | "last" | "all";

export interface Segment {
  readonly name: string;
  readonly selector: Selector | undefined;
}

export interface LinkSyntax {
  readonly text: string;
  readonly segments: readonly [Segment, ...Array<Segment>];
}

export interface LinkProblem {
  readonly problem: string;
  readonly hint: string | undefined;
}

const segmentPattern = /^([^[\].]*)(?:\[([^[\]]*)\])?$/;

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

function parseSegment(part: string, text: string): Segment | LinkProblem {
  const match = segmentPattern.exec(part);
  const name = match?.[1] ?? "";
  if (match === null || !namePattern.test(name)) {
    const hint =
      "links are written `step`, `step.port`, `loop[2].step.port`, `loop[last].…`, `loop[*].…` or `loop.name`";
    return { problem: `${quoted(text)} is not a link`, hint };
  }
  const inside = match[2];
  if (inside === undefined) return { name, selector: undefined };
  const selector = parseSelector(inside.trim());
  if (selector !== undefined) return { name, selector };
  if (inside.includes("=")) {
    return { problem: `matrix cells (${quoted(part)}) are not supported in this version`, hint: undefined };
  }
  return {
    problem: `${quoted(`[${inside}]`)} in ${quoted(text)} names no cycle`,
    hint: "cycles are written [1], [2], …, [last], or [*] for all of them",
  };
}

function parseSelector(text: string): Selector | undefined {
  if (text === "last") return "last";
  if (text === "*") return "all";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
