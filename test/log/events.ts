/** Short ways to write events in tests. */
import type { ContentDigest, Fingerprint } from "../../src/core/digest.ts";
import type { RunEvent, StepState } from "../../src/core/events.ts";

export const started = (plan: { readonly [step: string]: StepState }): RunEvent => ({
  event: "run.started",
  run: "20261122-031500-ab12",
  file: "/p/a.yaml",
  plan: Object.entries(plan).map(([step, state]) => ({ step, state })),
});
export const starts = (step: string): RunEvent => ({ event: "step.started", step });
export const hits = (step: string): RunEvent => ({
  event: "step.hit",
  step,
  fingerprint: "f".repeat(64) as Fingerprint,
  outputs: {},
});
export const waits = (step: string): RunEvent => ({
  event: "step.waiting",
  step,
  fingerprint: "f".repeat(64) as Fingerprint,
  holder: { run: "20261122-031400-cd34", step, host: "ab", process: 17 },
});
export const finishes = (step: string, durationMs: number): RunEvent => ({
  event: "step.finished",
  step,
  fingerprint: "f".repeat(64) as Fingerprint,
  outputs: { model: "d".repeat(64) as ContentDigest },
  durationMs,
});
export const progresses = (step: string, done: number, total: number, loss?: number): RunEvent => ({
  event: "step.progress",
  step,
  done,
  total,
  unit: "pairs",
  ...(loss === undefined ? {} : { loss }),
});
export const retries = (step: string, message: string): RunEvent => ({
  event: "step.retried",
  step,
  cause: "killed",
  message,
  attempt: 1,
  of: 2,
  waitMs: 2000,
});
export const warns = (step: string, message: string): RunEvent => ({ event: "step.warning", step, message });
export const resumes = (step: string, done: number, total: number): RunEvent => ({
  event: "step.resumed",
  step,
  done,
  total,
  unit: "steps",
});
export const fails = (step: string, message: string, place: { path?: string; line?: number } = {}): RunEvent => ({
  event: "step.failed",
  step,
  error: { cause: "stage-error", message, ...place },
});
export const skips = (step: string, blockedBy: string): RunEvent => ({ event: "step.skipped", step, blockedBy });
export const leavesOut = (step: string, blockedBy: string): RunEvent => ({
  event: "step.skipped",
  step,
  blockedBy,
  isStopped: true,
});
export const ends = (counts: { ran?: number; hits?: number; failed?: number; skipped?: number }): RunEvent => ({
  event: "run.finished",
  status: (counts.failed ?? 0) > 0 ? "failed" : "succeeded",
  ran: 0,
  hits: 0,
  failed: 0,
  skipped: 0,
  durationMs: 124_000,
  ...counts,
});
