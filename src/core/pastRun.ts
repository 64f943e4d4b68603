/** A run as the cache remembers it: its manifest, and of each step that came to an end the record it ended with. */
import * as Effect from "effect/Effect";
import type { ActionRecord } from "./ActionRecord.ts";
import { ArtifactStore } from "./ArtifactStore.ts";
import type { ContentDigest, Fingerprint } from "./digest.ts";
import { InvalidPipeline } from "./Diagnostic.ts";
import type { StoreError } from "./errors.ts";
import { RunLog, type RunManifest } from "./RunLog.ts";
import { nameHint } from "./suggest.ts";

export interface PastStep {
  readonly step: string;
  /** Without the numbers of cycles: `distil.student`. */
  readonly declaredAs: string;
  readonly fingerprint: Fingerprint;
  readonly outputs: { readonly [port: string]: ContentDigest };
  /** Null where it was a hit: it took no time in this run. */
  readonly durationMs: number | null;
  /** Undefined where the cache has lost it. */
  readonly record: ActionRecord | undefined;
}

export interface PastRun {
  readonly manifest: RunManifest;
  /** In graph order; those that failed, were skipped or never came up are left out. */
  readonly steps: ReadonlyArray<PastStep>;
}

/** @param written an id, the beginning of one that no other has, or `last` */
export const findRun = Effect.fn("core.findRun")(function* (
  written: string,
): Effect.fn.Return<RunManifest, StoreError | InvalidPipeline, RunLog> {
  const runs = yield* (yield* RunLog).list;
  const found = written === "last" ? runs.slice(-1) : runs.filter(({ run }) => run === written);
  const likely = found.length > 0 ? found : runs.filter(({ run }) => written !== "" && run.startsWith(written));
  if (likely.length === 1) return likely[0]!;
  const ids = likely.length > 1 ? likely.map(({ run }) => run) : runs.map(({ run }) => run).reverse();
  const message =
    runs.length === 0
      ? "this cache has seen no run"
      : likely.length > 1
        ? `several runs begin with \`${written}\``
        : `there is no run \`${written}\``;
  const hint = runs.length === 0 ? "name another cache: --cache DIR" : nameHint(written, [...ids, "last"], "runs");
  return yield* new InvalidPipeline({ diagnostics: [{ argument: written, message, hint }] });
});

export const readRun = Effect.fn("core.readRun")(function* (
  manifest: RunManifest,
): Effect.fn.Return<PastRun, StoreError, RunLog | ArtifactStore> {
  const { events } = yield* (yield* RunLog).events(manifest.run);
  const store = yield* ArtifactStore;
  const ended = new Map<string, Omit<PastStep, "record">>();
  for (const event of events) {
    if (event.event !== "step.hit" && event.event !== "step.finished") continue;
    const { step, fingerprint, outputs } = event;
    const durationMs = event.event === "step.finished" ? event.durationMs : null;
    ended.set(step, { step, declaredAs: step.replaceAll(/\[[^\]]*\]/g, ""), fingerprint, outputs, durationMs });
  }
  const steps: Array<PastStep> = [];
  for (const { step } of manifest.steps) {
    const past = ended.get(step);
    if (past !== undefined) steps.push({ ...past, record: yield* store.lookup(past.fingerprint) });
  }
  return { manifest, steps };
});
