/**
 * What is kept of a run: a manifest that says what was run, where and how it ended, and its events, each line chained to the
 * one before by hash, so that a line taken out or changed later shows.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { Environment } from "./environment.ts";
import type { Json } from "./canonicalJson.ts";
import type { StoreError } from "./errors.ts";
import type { RunEvent } from "./events.ts";

/** `died`: its process is gone and it never said how it ended. */
export type RunStatus = "running" | "succeeded" | "failed" | "interrupted" | "died";

export interface RunStart {
  readonly run: string;
  readonly pipeline: string;
  readonly file: string;
  readonly seed: number;
  readonly params: { readonly [name: string]: Json };
  /** What was asked for: `until`, `force`, the raw `--set`s. */
  readonly options: { readonly [name: string]: Json };
  /** Steps with their stage, in graph order; `pin`: garbage collection keeps what it made. */
  readonly steps: ReadonlyArray<{
    readonly step: string;
    readonly stage: string;
    readonly version: number;
    readonly pin?: true;
  }>;
  readonly environment: Environment;
  readonly started: string;
}

export interface RunManifest extends RunStart {
  readonly status: RunStatus;
  readonly finished: string | null;
  readonly ran: number;
  readonly hits: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface OpenRun {
  /** Adds an event. Never fails: what could not be written is told by `close`, since no step should be lost to it. */
  readonly append: (event: RunEvent) => void;
  /** Writes what is pending and the manifest's end. */
  readonly close: (
    end: Pick<RunManifest, "status" | "finished" | "ran" | "hits" | "failed" | "skipped">,
  ) => Effect.Effect<void, StoreError>;
}

export class RunLog extends Context.Service<
  RunLog,
  {
    readonly open: (start: RunStart) => Effect.Effect<OpenRun, StoreError>;
    /** Every run, oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<RunManifest>, StoreError>;
    /** A run's events in order, with the `time` each was written; `brokenAt` is the first line (from 1) whose chain does not hold. */
    readonly events: (run: string) => Effect.Effect<
      {
        readonly events: ReadonlyArray<RunEvent & { readonly time: string }>;
        readonly brokenAt: number | undefined;
      },
      StoreError
    >;
  }
>()("tandem/core/RunLog") {}
