/**
 * From a pipeline file to the graph that core plans and runs.
 *
 * In order: text → tree with places (readYaml) → declarations, checked for form (declarations, shape) → parameters and
 * arguments (params) → unrolled instances (unroll) → links (resolveLinks) → order, types, settings (buildGraph). Mistakes are
 * gathered by one Reporter all along; each stage of the way goes on with what is sound.
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as Effect from "effect/Effect";
import { InvalidPipeline } from "../core/Diagnostic.ts";
import type { Graph } from "../core/Graph.ts";
import type { AnyStage } from "../core/Stage.ts";
import { buildGraph } from "./buildGraph.ts";
import { readDeclarations } from "./declarations.ts";
import { readArguments } from "./params.ts";
import { makeReporter, type Reporter } from "./Reporter.ts";
import { quoted } from "../core/suggest.ts";
import { readYaml } from "./readYaml.ts";

export interface PipelineRequest {
  /** As the user named it; relative to `cwd`. Diagnostics name it the same way. */
  readonly file: string;
  /** Raw `name=value` texts of `--set`, the last one for a name counts. */
  readonly sets: ReadonlyArray<string>;
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  readonly stages: ReadonlyArray<AnyStage>;
}

/** A pipeline file is at most 10 MB. */
const maxFileBytes = 10_000_000;

/** Loads, checks and unrolls a pipeline file; fails with every mistake at once. */
export const loadPipeline = Effect.fn("spec.loadPipeline")(function* (request: PipelineRequest) {
  const reporter = makeReporter(request.file);
  const graph = yield* Effect.sync(() => load(request, reporter));
  if (graph === undefined) return yield* new InvalidPipeline({ diagnostics: reporter.sorted() });
  return graph;
});

function load({ file, sets, env, cwd, stages }: PipelineRequest, reporter: Reporter): Graph | undefined {
  const path = resolve(cwd, file);
  const text = readPipelineText(path, file, reporter);
  const root = text === undefined ? undefined : readYaml(text, reporter);
  if (root === undefined) return undefined;
  const declaration = readDeclarations(root, path, stages, reporter);
  const given = readArguments(declaration, sets, env, reporter);
  return buildGraph({
    file: path,
    declaration,
    given,
    env,
    folders: { file: dirname(path), working: cwd },
    reporter,
  });
}

function readPipelineText(path: string, file: string, reporter: Reporter): string | undefined {
  const place = { argument: file };
  try {
    const { size } = statSync(path);
    if (size > maxFileBytes) {
      reporter.report(place, `this file has ${(size / 1e6).toFixed(1)} MB; a pipeline file has at most 10 MB`);
      return undefined;
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === "ENOENT")
      reporter.report(
        place,
        "there is no such pipeline file",
        "give the path of a YAML file, for example `pipelines/transencoder.yaml`",
      );
    else if (code === "EISDIR") reporter.report(place, "this is a folder, not a pipeline file");
    else if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") reporter.report(place, "this file is not UTF-8 text");
    else reporter.report(place, `this file cannot be read (${quoted(code ?? String(error))})`);
    return undefined;
  }
}
