/** What is in a cache folder, in numbers, and who is at work on it. */
import * as Effect from "effect/Effect";
import type { StoreError } from "../core/errors.ts";
import { Disk, type FoundFile } from "./Disk.ts";
import { takeInventory } from "./gc/inventory.ts";
import { liveLeases, pinnedSteps } from "./gc/roots.ts";
import { checkLayout, layoutOf, layoutVersion } from "./layout.ts";
import { usualStandstill } from "./leases.ts";
import { livesHere } from "./processIdentity.ts";
import { readManifests } from "./runLog.ts";
import { Standstill } from "./Standstill.ts";
import { attempt } from "./storeErrors.ts";

export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface HeldLease {
  readonly fingerprint: string;
  readonly run: string;
  readonly step: string;
  readonly host: string;
  readonly process: number;
  /** On another machine one look cannot tell. */
  readonly state: "lives" | "unknown";
}

export interface CacheStatus {
  readonly cache: string;
  readonly layout: number;
  readonly objects: Amount;
  readonly records: Amount;
  readonly checkpoints: Amount;
  /** Downloaded models of the hub. */
  readonly hub: Amount;
  /** Code of the user's own stages: count of stages' code, not of files. */
  readonly stages: Amount;
  /** Damaged files that were moved aside. */
  readonly quarantine: Amount;
  readonly runs: Amount & { readonly running: number };
  /** Runs that a person pinned. */
  readonly pins: ReadonlyArray<string>;
  /** Steps with `pin: true`, by the pipeline file that says so. */
  readonly pinnedSteps: ReadonlyArray<{ readonly file: string; readonly steps: ReadonlyArray<string> }>;
  readonly leases: ReadonlyArray<HeldLease>;
  /** When a record was last made or used; null in an empty cache. */
  readonly lastUse: string | null;
}

export const cacheStatus = Effect.fn("store.cacheStatus")(function* (
  root: string,
): Effect.fn.Return<CacheStatus, StoreError> {
  const disk = yield* Disk;
  const layout = layoutOf(root);
  return yield* attempt("read", root, () => {
    checkLayout(disk, layout);
    const { objects, records, checkpoints, hub, stages, runs, quarantine } = takeInventory(disk, layout);
    const manifests = readManifests(disk, layout);
    const leases = liveLeases(disk, layout, new Standstill(disk, layout, usualStandstill));
    const running = manifests.filter(({ status, owner }) => status === "running" && livesHere(owner) !== false);
    return {
      cache: root,
      layout: layoutVersion,
      objects: amountOf(objects.values()),
      records: amountOf(records),
      checkpoints: amountOf(checkpoints),
      hub: amountOf(hub),
      stages: amountOf(stages),
      quarantine: amountOf(quarantine),
      runs: { ...amountOf(runs), count: manifests.length, running: running.length },
      pins: disk.list(layout.pins),
      pinnedSteps: pinnedSteps(manifests).map(({ file, steps }) => ({ file, steps: [...steps] })),
      leases: leases.map(({ fingerprint, lease: { run, step, owner } }) => ({
        fingerprint,
        run,
        step,
        host: owner?.host ?? "unknown",
        process: owner?.process ?? 0,
        state: owner !== undefined && livesHere(owner) === true ? ("lives" as const) : ("unknown" as const),
      })),
      lastUse: records.length === 0 ? null : new Date(newest(records)).toISOString(),
    };
  });
});

function amountOf(files: Iterable<FoundFile>): Amount {
  const all = [...files];
  return { count: all.length, bytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

const newest = (files: ReadonlyArray<FoundFile>): number =>
  files.reduce((last, { changedAtMs }) => Math.max(last, changedAtMs), 0);
