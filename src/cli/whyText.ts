/** A difference between two keys as a person reads it: what changed, from what to what. */
import type { Json } from "../core/canonicalJson.ts";
import type { Difference } from "../core/differences.ts";
import { linkAt, type Graph } from "../core/Graph.ts";
import { truncate } from "../log/textWidth.ts";

const maxValueColumns = 48;

/** `step`: the id of the step whose key it is; changed inputs name the step that makes them. */
export function whyText(graph: Graph, step: string, { part, path, from, to }: Difference): string {
  switch (part) {
    case "stage":
      return path === "name" && from === null
        ? "has not run before"
        : `stage ${path}: ${change(short(from), short(to))}`;
    case "input":
      return `input ${path}: ${inputText(makerOf(graph, step, path), short(from), short(to))}`;
    case "file":
      return fileText(path, from, to);
    case "output":
      return `output ${path}: no longer in the cache`;
    case "force":
      return "asked for by --force";
    case "download":
      return `${path}: ${String(to)} is not downloaded yet`;
    case "decision":
      return to === null ? `${path} decides first whether its loop goes on` : `${path} ended its loop`;
    case "seed":
      return `seed: ${change(from, to)}`;
    case "format":
      return `format of keys: ${change(from, to)}`;
    default:
      return `${part} ${path}: ${change(from, to)}`;
  }
}

/** The digest of what is not made yet is null; so is that of an input the step no longer has. */
function inputText(maker: string | undefined, from: Json, to: Json): string {
  if (maker === undefined) return change(from, to);
  return to === null ? `${maker} runs first` : `${change(from, to)}, from ${maker}`;
}

function makerOf(graph: Graph, id: string, path: string): string | undefined {
  const step = graph.steps.find((each) => each.id === id);
  const link = step === undefined ? undefined : linkAt(step, path);
  return link === undefined ? undefined : graph.steps[link.step]!.id;
}

function fileText(path: string, from: Json, to: Json): string {
  if (from === null) return `file ${path}: new`;
  if (to === null) return `file ${path}: no longer read`;
  return `file ${path}: ${change(short(from), short(to))}`;
}

const change = (from: Json, to: Json): string => `${written(from)} → ${written(to)}`;

const written = (value: Json): string =>
  truncate(value === null ? "none" : typeof value === "string" ? value : JSON.stringify(value), maxValueColumns);

/** Digests are told apart by their first digits. */
export const short = (value: Json): Json =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 10) : value;
