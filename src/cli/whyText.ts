/** A difference between two keys as a person reads it: what changed, from what to what. */
import type { Json } from "../core/canonicalJson.ts";
import type { Difference } from "../core/differences.ts";
import { truncate } from "../log/textWidth.ts";

const maxValueColumns = 48;

export function whyText({ part, path, from, to }: Difference): string {
  switch (part) {
    case "stage":
      return path === "name" && from === null ? "has not run yet" : `stage ${path}: ${change(from, to)}`;
    case "input":
      return to === null
        ? `input ${path}: an earlier step runs first`
        : `input ${path}: ${change(short(from), short(to))}`;
    case "file":
      return fileText(path, from, to);
    case "output":
      return `output ${path}: no longer in the cache`;
    case "force":
      return "asked for by --force";
    case "seed":
      return `seed: ${change(from, to)}`;
    case "format":
      return `format of keys: ${change(from, to)}`;
    default:
      return `${part} ${path}: ${change(from, to)}`;
  }
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
