/** What nearly every command begins with: the pipeline file loaded to a graph, its cache folder, and effects performed. */
import { dirname } from "node:path";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { InvalidPipeline } from "../core/Diagnostic.ts";
import type { Graph } from "../core/Graph.ts";
import type { EngineChoice } from "../engine/EngineChoice.ts";
import { loadPipeline } from "../spec/loadPipeline.ts";
import { stages } from "../../stages/index.ts";
import { type Invocation, UsageError, valueOf, valuesOf } from "./commandLine.ts";
import { chosenEngine } from "./engineChoice.ts";
import { stageFilesOn } from "./ownStages.ts";
import { cacheFolder, checkPipelineFile } from "./places.ts";

export interface Session {
  readonly graph: Graph;
  /** Absolute path of the cache folder, which may not be there yet. */
  readonly cache: string;
  /** What steps compute with; part of their keys. */
  readonly engine: EngineChoice;
  /** The command that runs this pipeline with the settings given, for hints: `pipeline run a.yaml --set cycles=4`. */
  readonly runCommand: string;
}

/** Loads FILE with the `--set`s of the command line. Throws `UsageError` and `InvalidPipeline`. */
export async function openSession(invocation: Invocation): Promise<Session> {
  const file = invocation.operands[0]!;
  const path = checkPipelineFile(file);
  const engine = chosenEngine(invocation);
  const sets = valuesOf(invocation, "set");
  const given = valueOf(invocation, "cache");
  const cache = cacheFolder(given, dirname(path));
  const request = { file, sets, env: process.env, cwd: process.cwd(), stages, loadStageFiles: stageFilesOn(cache) };
  const graph = await perform(loadPipeline(request)).catch(offeringCommits);
  const options = [
    ...sets.flatMap((set) => ["--set", set]),
    ...["engine", "device", "cache"].flatMap((option) => {
      const value = valueOf(invocation, option);
      return value === undefined ? [] : [`--${option}`, value];
    }),
  ];
  const runCommand = ["pipeline run", ...[file, ...options].map(shellWord)].join(" ");
  return { graph, cache, engine, runCommand };
}

async function offeringCommits(error: unknown): Promise<never> {
  if (!(error instanceof InvalidPipeline)) throw error;
  const { offerCommits } = await import("./offerCommits.ts");
  throw new InvalidPipeline({ diagnostics: await offerCommits(error.diagnostics, process.env) });
}

/** An argument as a shell takes it. */
const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** What was asked for is the output of a step that has not run. */
export const hasNotRun = ({ runCommand }: Session, step: string): UsageError =>
  new UsageError(`step \`${step}\` has not run with these settings`, `${runCommand} --until '${step}'`);

/** Runs an effect whose services are provided; its error, or the defect, is thrown as it is. */
export async function perform<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
  return valueOrThrow(await Effect.runPromiseExit(effect));
}

export function valueOrThrow<A, E>(exit: Exit.Exit<A, E>): A {
  if (Exit.isSuccess(exit)) return exit.value;
  throw Cause.squash(exit.cause);
}
