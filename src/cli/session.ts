/** What nearly every command begins with: the pipeline file loaded to a graph, its cache folder, and effects performed. */
import { dirname } from "node:path";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Graph } from "../core/Graph.ts";
import type { EngineChoice } from "../engine/EngineChoice.ts";
import { loadPipeline } from "../spec/loadPipeline.ts";
import { stages } from "../../stages/index.ts";
import { type Invocation, valueOf, valuesOf } from "./commandLine.ts";
import { chosenEngine } from "./engineChoice.ts";
import { cacheFolder, checkPipelineFile } from "./places.ts";

export interface Session {
  readonly graph: Graph;
  /** Absolute path of the cache folder, which may not be there yet. */
  readonly cache: string;
  /** What steps compute with; part of their keys. */
  readonly engine: EngineChoice;
}

/** Loads FILE with the `--set`s of the command line. Throws `UsageError` and `InvalidPipeline`. */
export async function openSession(invocation: Invocation): Promise<Session> {
  const file = invocation.operands[0]!;
  const path = checkPipelineFile(file);
  const engine = chosenEngine(invocation);
  const sets = valuesOf(invocation, "set");
  const graph = await perform(loadPipeline({ file, sets, env: process.env, cwd: process.cwd(), stages }));
  return { graph, cache: cacheFolder(valueOf(invocation, "cache"), dirname(path)), engine };
}

/** Runs an effect whose services are provided; its error, or the defect, is thrown as it is. */
export async function perform<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
  return valueOrThrow(await Effect.runPromiseExit(effect));
}

export function valueOrThrow<A, E>(exit: Exit.Exit<A, E>): A {
  if (Exit.isSuccess(exit)) return exit.value;
  throw Cause.squash(exit.cause);
}
