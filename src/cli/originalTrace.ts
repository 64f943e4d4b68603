/** A trace through the bundle told in lines of the sources, by the maps beside it. Only a defect of ours is worth reading them. */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { resolve, dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** `readMap` gives the text of the map of a file, undefined where it has none. */
export function originalTrace(trace: string, readMap: (file: string) => string | undefined = mapBeside): string {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (file: string) => {
    if (!maps.has(file)) {
      const text = readMap(file);
      maps.set(file, text === undefined ? undefined : new SourceMap(JSON.parse(text)));
    }
    return maps.get(file);
  };
  return trace.replaceAll(
    /(file:\/\/[^\s()]+?\.js):(\d+):(\d+)/g,
    (place, url: string, line: string, column: string) => {
      const file = fileURLToPath(url);
      const origin = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (origin === undefined || !("originalSource" in origin)) return place;
      return `${resolve(dirname(file), origin.originalSource)}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
    },
  );
}

function mapBeside(file: string): string | undefined {
  try {
    return readFileSync(`${file}.map`, "utf8");
  } catch {
    return undefined; // not a file of the bundle
  }
}
