/** Where things are: the pipeline file that was named, and the folder of the cache that belongs to it. */
import { closeSync, existsSync, openSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { UsageError } from "./commandLine.ts";
import { closest } from "../core/suggest.ts";

/** The absolute path of a file that is there and can be read; throws `UsageError` where it is not. */
export function checkPipelineFile(written: string, cwd: string = process.cwd()): string {
  const path = resolve(cwd, written);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError("there is no such pipeline file", suggestionFor(path, cwd), written);
  if (stats.isDirectory()) {
    const inside = yamlFilesIn(path)[0];
    const hint =
      inside === undefined ? "name a pipeline file (YAML)" : `did you mean \`${relative(cwd, join(path, inside))}\`?`;
    throw new UsageError("this is a folder, not a pipeline file", hint, written);
  }
  try {
    closeSync(openSync(path, "r"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`this file cannot be read (${code})`, "check its permissions", written);
  }
  return path;
}

function suggestionFor(path: string, cwd: string): string | undefined {
  const folder = dirname(path);
  const near = closest(basename(path), yamlFilesIn(folder));
  if (near !== undefined) return `did you mean \`${relative(cwd, join(folder, near))}\`?`;
  const listed = yamlFilesIn(folder)
    .slice(0, 3)
    .map((name) => relative(cwd, join(folder, name)));
  return listed.length === 0 ? undefined : `there is ${listed.join(", ")}`;
}

function yamlFilesIn(folder: string): ReadonlyArray<string> {
  try {
    return readdirSync(folder).filter((name) => [".yaml", ".yml"].includes(extname(name)));
  } catch {
    return []; // only for a hint: a folder that cannot be listed has none to offer
  }
}

/** `--cache`, else PIPELINE_CACHE, else `cache/` beside the nearest package.json above `start`, else beside `start` itself. */
export function cacheFolder(
  asked: string | undefined,
  start: string,
  env: { readonly [name: string]: string | undefined } = process.env,
): string {
  const named = asked ?? env["PIPELINE_CACHE"];
  if (named !== undefined && named !== "") return resolve(named);
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return join(folder, "cache");
    if (folder === dirname(folder)) return join(start, "cache");
  }
}
