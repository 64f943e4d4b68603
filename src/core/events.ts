/** What happens in a run, one event after the other: the source of the terminal's tree, `run --json`, the log and the run's record. */
import type { ContentDigest, Fingerprint } from "./digest.ts";
import type { LeaseHolder } from "./Leases.ts";

/** `waits`: for a download, or for the decision whether its loop goes on; `skipped`: its loop stops before. */
export type StepState = "fresh" | "stale" | "waits" | "skipped";

export interface StepError {
  /** A FailureCause, or `cache-error`. */
  readonly cause: string;
  readonly message: string;
  readonly hint?: string;
  readonly path?: string;
  readonly line?: number;
  /** Where in the stage's own code it broke: for the log, where the fault is neither the file's nor the data's. */
  readonly trace?: string;
}

type Outputs = { readonly [port: string]: ContentDigest };

export type RunEvent =
  | {
      readonly event: "run.started";
      readonly run: string;
      readonly file: string;
      readonly plan: ReadonlyArray<{ readonly step: string; readonly state: StepState }>;
    }
  /** Another run on this cache computes the step's key; a hit or a start follows when it has ended. */
  | {
      readonly event: "step.waiting";
      readonly step: string;
      readonly fingerprint: Fingerprint;
      readonly holder: LeaseHolder;
    }
  /** `repairs`: the step had been a hit, but this blob of it turned out lost or damaged, and it runs again to restore it. */
  | { readonly event: "step.started"; readonly step: string; readonly repairs?: ContentDigest }
  | { readonly event: "step.hit"; readonly step: string; readonly fingerprint: Fingerprint; readonly outputs: Outputs }
  | {
      readonly event: "step.progress";
      readonly step: string;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
      readonly loss?: number;
      readonly [metric: string]: string | number | undefined;
    }
  /** The step goes on from a checkpoint, in which this much was done. */
  | {
      readonly event: "step.resumed";
      readonly step: string;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
    }
  /** It failed, and is tried again after a pause: for the `attempt`th time, of at most `of`. A start or a hit follows. */
  | {
      readonly event: "step.retried";
      readonly step: string;
      /** A FailureCause. */
      readonly cause: string;
      readonly message: string;
      readonly attempt: number;
      readonly of: number;
      readonly waitMs: number;
    }
  /** What a person should know of a step that goes on all the same. */
  | { readonly event: "step.warning"; readonly step: string; readonly message: string }
  | {
      readonly event: "step.finished";
      readonly step: string;
      readonly fingerprint: Fingerprint;
      readonly outputs: Outputs;
      readonly durationMs: number;
      /** Ports whose content came out unlike the recorded one: the stage is not deterministic. The record's outputs stand. */
      readonly differs?: {
        readonly [port: string]: { readonly recorded: ContentDigest; readonly computed: ContentDigest };
      };
    }
  | { readonly event: "step.failed"; readonly step: string; readonly error: StepError }
  /** Blocked by a failure; or, with `isStopped`, left out since that decision ended its loop. */
  | { readonly event: "step.skipped"; readonly step: string; readonly blockedBy: string; readonly isStopped?: true }
  /** It was running when the run was interrupted; it is neither failed nor counted. */
  | { readonly event: "step.interrupted"; readonly step: string }
  | {
      readonly event: "run.finished";
      readonly status: "succeeded" | "failed" | "interrupted";
      readonly ran: number;
      readonly hits: number;
      readonly failed: number;
      readonly skipped: number;
      readonly durationMs: number;
    };
