/**
 * From a pipeline file to the graph that core plans and runs.
 *
 * In order: text → tree with places (readYaml), merged over what it extends (readTree) → declarations, checked for form (declarations, shape) → parameters and
 * arguments (params) → unrolled instances (unroll) → links (resolveLinks) → order, types, settings (buildGraph). Mistakes are
 * gathered by one Reporter all along; each stage of the way goes on with what is sound.
 */
import { dirname, resolve } from "node:path";
import * as Effect from "effect/Effect";
import { InvalidPipeline } from "../core/Diagnostic.ts";
import type { Graph } from "../core/Graph.ts";
import type { AnyStage } from "../core/Stage.ts";
import { buildGraph } from "./buildGraph.ts";
import { readDeclarations } from "./declarations.ts";
import { readArguments } from "./params.ts";
import { makeReporter, type Reporter } from "./Reporter.ts";
import { readTree } from "./readTree.ts";

export interface PipelineRequest {
  /** As the user named it; relative to `cwd`. Diagnostics name it the same way. */
  readonly file: string;
  /** Raw `name=value` texts of `--set`, the last one for a name counts. */
  readonly sets: ReadonlyArray<string>;
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  readonly stages: ReadonlyArray<AnyStage>;
}

/** Loads, checks and unrolls a pipeline file; fails with every mistake at once. */
export const loadPipeline = Effect.fn("spec.loadPipeline")(function* (request: PipelineRequest) {
  const reporter = makeReporter(request.file);
  const graph = yield* Effect.sync(() => load(request, reporter));
  if (graph === undefined) return yield* new InvalidPipeline({ diagnostics: reporter.sorted() });
  return graph;
});

function load({ file, sets, env, cwd, stages }: PipelineRequest, reporter: Reporter): Graph | undefined {
  const path = resolve(cwd, file);
  const root = readTree(file, cwd, reporter);
  if (root === undefined) return undefined;
  const declaration = readDeclarations(root, path, stages, reporter);
  const given = readArguments(declaration, sets, env, reporter);
  return buildGraph({
    file: path,
    declaration,
    given,
    env,
    folders: { of: (other = path) => dirname(resolve(cwd, other)), working: cwd },
    reporter,
  });
}
