/** Where steps run. The record in the store is the only proof that a step is done; an executor merely gets it there. */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { ContentDigest } from "./digest.ts";
import type { StageFailure, StoreError } from "./errors.ts";
import type { ProgressReport, SourceFile, AnyStage } from "./Stage.ts";
import type { StoredOutput } from "./ActionRecord.ts";
import type { Json } from "./canonicalJson.ts";
import type { Environment } from "./environment.ts";
import type { Machine, Resources } from "./resources.ts";

/** One step, ready to run: all by value or digest, so that it can cross to another process. */
export interface Task {
  readonly step: string;
  readonly fingerprint: string;
  readonly stage: AnyStage;
  readonly encodedConfig: { readonly [field: string]: Json | undefined };
  readonly seed: number;
  /** What the step computes on, where its stage uses the engine and it names one; else the run's device. */
  readonly device?: string;
  /** What the step claims, where it says so. */
  readonly resources?: Resources;
  readonly files: { readonly [field: string]: ReadonlyArray<SourceFile> };
  readonly inputs: {
    readonly [port: string]:
      | { readonly type: string; readonly digest: ContentDigest }
      | ReadonlyArray<{ readonly type: string; readonly digest: ContentDigest }>;
  };
}

export interface TaskResult {
  /** Written to the store, not yet published. */
  readonly outputs: { readonly [port: string]: StoredOutput };
  readonly durationMs: number;
  /** Facts about how it was computed (threads, device), for the record: not part of any key. */
  readonly environment?: Environment;
}

/** What a task tells while it runs. */
export interface TaskListener {
  readonly onProgress: (report: ProgressReport) => void;
  /** What its stage logged as a warning, or worse: a sentence. */
  readonly onWarning: (message: string) => void;
}

export class Executor extends Context.Service<
  Executor,
  {
    /** What all steps share; absent where the executor itself sees to what they claim. */
    readonly machine?: Machine;
    /** Runs a task to its end. Interrupting the effect asks the task to end after the batch in hand and waits for it. */
    readonly run: (task: Task, listener: TaskListener) => Effect.Effect<TaskResult, StageFailure | StoreError>;
  }
>()("tandem/core/Executor") {}
