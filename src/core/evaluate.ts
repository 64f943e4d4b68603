/**
 * What is known of every step before anything runs: its files, its key, and whether the cache has its record.
 * `plan` explains the result; `run` starts from it, so that a run with nothing to do costs one pass.
 */
import * as Effect from "effect/Effect";
import type { ActionRecord, KeyParts, StoredOutput } from "./ActionRecord.ts";
import { ArtifactStore } from "./ArtifactStore.ts";
import type { InvalidPipeline } from "./Diagnostic.ts";
import type { ContentDigest, Fingerprint } from "./digest.ts";
import { decisionsOf, readVerdict, settleStep, type Decided, type Verdict } from "./decisions.ts";
import { EngineInfo } from "./EngineInfo.ts";
import { SourceMissing, type StoreError } from "./errors.ts";
import { fingerprintOf, inputDigestsOf, keyPartsOf, type FilesByField } from "./fingerprint.ts";
import type { Graph, Link, PathField, Step } from "./Graph.ts";
import { neededFor, selectSteps } from "./selectSteps.ts";
import { SourceFiles } from "./SourceFiles.ts";

export interface Selection {
  /** Only these steps and what they need; absent: all. */
  readonly until?: ReadonlyArray<string> | undefined;
  /** Steps that run even when their record is there. */
  readonly force?: ReadonlyArray<string> | undefined;
}

export interface StepKey {
  readonly parts: KeyParts;
  readonly fingerprint: Fingerprint;
}

/** One step as known so far. */
export interface StepEvaluation {
  readonly index: number;
  readonly step: Step;
  readonly isForced: boolean;
  readonly files: FilesByField;
  /** The fields whose files are elsewhere: `files` lacks them, and a run fetches them first. */
  readonly elsewhere: ReadonlyArray<PathField>;
  /** Absent while an input's digest is not known, for the step that makes it has to run first, or while files are elsewhere. */
  readonly key: StepKey | undefined;
  /** Present where the step is fresh. */
  readonly record: ActionRecord | undefined;
  /** Of a step whose loop stops before: the decision that says so. Of one where that is not known yet: the decision it waits for. */
  readonly leftOutBy?: number;
  readonly undecided?: number;
  /** What it says, where it is a decision and fresh. */
  readonly says?: Verdict;
}

/** What is known of the steps before one. */
export interface Known extends Decided {
  readonly outputsOf: (producer: number) => Outputs | undefined;
}

/** Index in the graph → evaluation; undefined for steps that are not needed. */
export type Evaluation = ReadonlyArray<StepEvaluation | undefined>;

export type Outputs = { readonly [port: string]: StoredOutput };

export const evaluateGraph = Effect.fnUntraced(function* (
  graph: Graph,
  selection: Selection = {},
): Effect.fn.Return<
  Evaluation,
  StoreError | SourceMissing | InvalidPipeline,
  ArtifactStore | SourceFiles | EngineInfo
> {
  const { until = [], force = [] } = selection;
  const targets = yield* selectSteps(graph, "--until", until);
  const forced = yield* selectSteps(graph, "--force", force);
  const needed = until.length === 0 ? undefined : neededFor(graph, targets);
  const evaluation: Array<StepEvaluation | undefined> = [];
  const known = knownFrom(graph, evaluation);
  const missing: Array<SourceMissing> = [];
  for (const [index, step] of graph.steps.entries()) {
    if (needed?.[index] === false) evaluation.push(undefined);
    else {
      const files = yield* filesToRead(step, known, missing);
      evaluation.push(yield* evaluateStep({ index, step, isForced: forced.has(index), ...files }, known));
    }
  }
  const [first, ...others] = missing;
  if (first === undefined) return evaluation;
  return yield* others.length === 0 ? first : alsoMissing(first, others);
});

/** What an evaluation knows of its steps. */
export const knownFrom = (graph: Graph, evaluation: Evaluation): Known => ({
  decisions: decisionsOf(graph),
  outputsOf: (producer) => evaluation[producer]?.record?.outputs,
  leftOutBy: (index) => evaluation[index]?.leftOutBy,
  says: (index) => evaluation[index]?.says,
});

interface About extends StepFiles {
  readonly index: number;
  readonly step: Step;
  readonly isForced: boolean;
}

/** Key and record of one step, given what is known so far. */
export const evaluateStep = Effect.fnUntraced(function* (
  { index, step: open, isForced, files, elsewhere }: About,
  known: Known,
): Effect.fn.Return<StepEvaluation, StoreError, ArtifactStore | EngineInfo> {
  const settled = settleStep(open, known);
  const nothing = { index, step: open, isForced, files, elsewhere, key: undefined, record: undefined };
  if (!("step" in settled)) return { ...nothing, ...settled };
  const { step } = settled;
  const key = elsewhere.length > 0 ? undefined : yield* keyOf(step, files, known.outputsOf);
  const evaluated = { ...nothing, step, key };
  if (key === undefined || isForced) return evaluated;
  const record = yield* (yield* ArtifactStore).lookup(key.fingerprint);
  if (record === undefined || !hasEveryPort(record, step)) return evaluated;
  if (!known.decisions.has(index)) return { ...evaluated, record };
  // A decision that cannot be read decides anew.
  const says = yield* readVerdict(step, record.outputs).pipe(
    Effect.catchTag("StoreError", (error) => (error.digest === undefined ? error : Effect.succeed(undefined))),
  );
  return says === undefined ? evaluated : { ...evaluated, record, says };
});

const keyOf = Effect.fnUntraced(function* (
  step: Step,
  files: FilesByField,
  outputsOf: (producer: number) => Outputs | undefined,
): Effect.fn.Return<StepKey | undefined, never, EngineInfo> {
  const digestOf = (link: Link): ContentDigest | undefined => outputsOf(link.step)?.[link.port]?.digest;
  const inputs = inputDigestsOf(step, digestOf);
  if (inputs === undefined) return undefined;
  const parts = keyPartsOf(step, { inputs, files, engine: yield* EngineInfo });
  return { parts, fingerprint: fingerprintOf(parts) };
});

/** A stage that gained an output port without a new version left records that cannot feed it. */
const hasEveryPort = (record: ActionRecord, step: Step): boolean =>
  Object.keys(step.stage.outputs).every((port) => record.outputs[port] !== undefined);

/**
 * Files of a step, before anything runs: what is missing is an error of the pipeline file, and all of it is named. A step that a
 * loop has left out reads none; one of which that is not known yet must have its own.
 */
const filesToRead = (step: Step, known: Known, missing: Array<SourceMissing>) =>
  step.paths.length === 0 || "leftOutBy" in settleStep(step, known)
    ? Effect.succeed(noFiles)
    : resolveFiles(step).pipe(Effect.catchTag("SourceMissing", (error) => note(missing, error)));

/** The files of a step as far as they are here. */
export type StepFiles = Pick<StepEvaluation, "files" | "elsewhere">;

const noFiles: StepFiles = { files: {}, elsewhere: [] };

const note = (missing: Array<SourceMissing>, error: SourceMissing) =>
  Effect.sync(() => {
    missing.push(error);
    return noFiles;
  });

const alsoMissing = (first: SourceMissing, others: ReadonlyArray<SourceMissing>): SourceMissing => {
  const list = others.map((other) => `${other.path} (${other.step}, ${other.field})`).join(", ");
  const { step, field, path, message, hint = "" } = first;
  return new SourceMissing({ step, field, path, message, hint: `${hint} Also missing: ${list}.`.trim() });
};

/** The files of each `path()` field of a step; of a field that is a list, those of its elements in a row. */
export const resolveFiles = Effect.fnUntraced(function* (
  step: Step,
): Effect.fn.Return<StepFiles, StoreError | SourceMissing, SourceFiles> {
  if (step.paths.length === 0) return noFiles;
  const source = yield* SourceFiles;
  const files: { [field: string]: FilesByField[string] } = {};
  const elsewhere: Array<PathField> = [];
  for (const field of step.paths) {
    const found = yield* source
      .resolve(step.id, field)
      .pipe(Effect.catchTag("SourceElsewhere", () => Effect.sync(() => void elsewhere.push(field))));
    files[field.field] = [...(files[field.field] ?? []), ...(found ?? [])];
  }
  return { files, elsewhere };
});
