/**
 * From a pipeline file to the graph that core plans and runs.
 *
 * In order: text → tree with places (readYaml), merged over what it extends (readTree) → stages of the user's own (stageFiles) → declarations, checked for form (declarations, shape) → parameters and
 * arguments (params) → unrolled instances (unroll) → links (resolveLinks) → order, types, settings (buildGraph). Mistakes are
 * gathered by one Reporter all along; each stage of the way goes on with what is sound.
 */
import { dirname, resolve } from "node:path";
import * as Effect from "effect/Effect";
import { InvalidPipeline } from "../core/Diagnostic.ts";
import type { Graph } from "../core/Graph.ts";
import type { AnyStage } from "../core/Stage.ts";
import type { LoadStageFiles, StageFiles } from "../core/StageFile.ts";
import { buildGraph } from "./buildGraph.ts";
import { readDeclarations } from "./declarations.ts";
import { readArguments } from "./params.ts";
import { makeReporter, type Reporter } from "./Reporter.ts";
import { readTree } from "./readTree.ts";
import { type FolderOf, stageFilesIn } from "./stageFiles.ts";
import type { YamlNode } from "./YamlNode.ts";

export interface PipelineRequest {
  /** As the user named it; relative to `cwd`. Diagnostics name it the same way. */
  readonly file: string;
  /** Raw `name=value` texts of `--set`, the last one for a name counts. */
  readonly sets: ReadonlyArray<string>;
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  readonly stages: ReadonlyArray<AnyStage>;
  /** Loads stages of the user's own; without it, using one is a mistake. */
  readonly loadStageFiles?: LoadStageFiles;
}

/** Loads, checks and unrolls a pipeline file; fails with every mistake at once. */
export const loadPipeline = Effect.fn("spec.loadPipeline")(function* (request: PipelineRequest) {
  const { file, cwd, loadStageFiles } = request;
  const reporter = makeReporter(file);
  const path = resolve(cwd, file);
  const folderOf: FolderOf = (other = path) => dirname(resolve(cwd, other));
  const root = readTree(file, cwd, reporter);
  const own = root === undefined ? [] : stageFilesIn(root, folderOf);
  const files = loadStageFiles === undefined || own.length === 0 ? new Map() : yield* loadStageFiles(own);
  const graph = root === undefined ? undefined : build(root, path, request, files, folderOf, reporter);
  if (graph === undefined) return yield* new InvalidPipeline({ diagnostics: reporter.sorted() });
  return graph;
});

function build(
  root: YamlNode,
  path: string,
  { sets, env, cwd, stages }: PipelineRequest,
  files: StageFiles,
  folderOf: FolderOf,
  reporter: Reporter,
): Graph | undefined {
  const own = { folderOf, cwd, files, told: new Set<string>() };
  const declaration = readDeclarations(root, path, { stages, own }, reporter);
  const given = readArguments(declaration, sets, env, reporter);
  return buildGraph({ file: path, declaration, given, env, folders: { of: folderOf, working: cwd }, reporter });
}
