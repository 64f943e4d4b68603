/** Where in the stage's own sources an error arose, by the map beside its bundle. */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import type { StageModule, StageProblem } from "../core/StageFile.ts";
import { urlOf } from "./importModule.ts";

export type SourcePlace = NonNullable<StageProblem["place"]>;

/** Of the first line of its trace that lies in the bundle; undefined where none does. */
export function sourcePlace(error: unknown, { path }: StageModule): SourcePlace | undefined {
  const trace = error instanceof Error ? (error.stack ?? "") : "";
  const url = urlOf(path);
  const at = trace.indexOf(`${url}:`);
  const [, line, column = "1"] = /^:(\d+)(?::(\d+))?/.exec(at < 0 ? "" : trace.slice(at + url.length)) ?? [];
  if (line === undefined) return undefined;
  try {
    const map = new SourceMap(JSON.parse(readFileSync(`${path}.map`, "utf8")));
    const origin = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in origin)) return undefined;
    const { originalSource: file, originalLine, originalColumn } = origin;
    return { file, line: originalLine + 1, column: originalColumn + 1, length: 1 };
  } catch {
    return undefined; // the map is only for messages
  }
}
