/**
 * What garbage collection must not touch, whatever its age: all that a run in progress has used or made, runs that a person pinned,
 * pinned steps (`pin: true`, as their pipeline file said when it was run last), and what steps in progress are writing.
 */
import { join } from "node:path";
import type { DiskShape } from "../Disk.ts";
import type { Layout } from "../layout.ts";
import { isGone, leaseIn, type StoredLease } from "../LeaseFolder.ts";
import { fingerprintsOf, readManifests, type ManifestFile } from "../runLog.ts";
import { thisProcess, type ProcessIdentity } from "../processIdentity.ts";
import type { Standstill } from "../Standstill.ts";

export interface LiveLease {
  readonly fingerprint: string;
  readonly lease: StoredLease;
  /** When it was taken, by the clock of its holder. */
  readonly takenAtMs: number;
}

/** Leases whose holder is not known to be gone. */
export function liveLeases(disk: DiskShape, layout: Layout, standstill: Standstill): ReadonlyArray<LiveLease> {
  return disk.list(layout.leases).flatMap((name) => {
    const path = join(layout.leases, name);
    const [fingerprint] = /^[0-9a-f]{64}(?=$|-)/.exec(name) ?? [];
    const bytes = fingerprint === undefined ? undefined : disk.read(path);
    if (bytes === undefined) return [];
    const lease = leaseIn(bytes);
    return isGone(lease, thisProcess(), standstill)
      ? []
      : [{ fingerprint: fingerprint!, lease, takenAtMs: disk.changedAtMs(path) ?? 0 }];
  });
}

/** Processes that hold leases or runs, and of which it is not known yet whether they live. */
export function undecided(disk: DiskShape, layout: Layout, standstill: Standstill): boolean {
  const owners = [
    ...liveLeases(disk, layout, standstill).map(({ lease }) => lease.owner),
    ...readManifests(disk, layout)
      .filter(({ status }) => status === "running")
      .map(({ owner }) => owner),
  ];
  const different = new Map(owners.flatMap((owner) => (owner === undefined ? [] : [[owner.id, owner]])));
  return [...different.values()].some((owner: ProcessIdentity) => standstill.verdictOf(owner) === undefined);
}

export interface PinnedSteps {
  /** The pipeline file, absolute. */
  readonly file: string;
  /** All of the file: what any of them made of a pinned step stays. */
  readonly runs: ReadonlyArray<ManifestFile>;
  /** Those with `pin: true` in the last of the runs. */
  readonly steps: ReadonlySet<string>;
}

/** Of each pipeline file that has pinned steps. */
export function pinnedSteps(manifests: ReadonlyArray<ManifestFile>): ReadonlyArray<PinnedSteps> {
  const inTime = manifests.toSorted((a, b) => Date.parse(a.started) - Date.parse(b.started));
  return [...Map.groupBy(inTime, ({ file }) => file)].flatMap(([file, runs]) => {
    const steps = new Set(runs.at(-1)!.steps.flatMap(({ step, pin }) => (pin === true ? [step] : [])));
    return steps.size === 0 ? [] : [{ file, runs, steps }];
  });
}

export interface Roots {
  readonly fingerprints: ReadonlySet<string>;
  readonly liveRuns: number;
  /** When the first run in progress began; infinite without one. */
  readonly liveSinceMs: number;
  /** Runs whose log is needed: in progress, pinned by a person, the last of their file, and those of a file with pinned steps. */
  readonly neededRuns: ReadonlySet<string>;
  /** When each run began, as its manifest tells. */
  readonly startedAtMs: ReadonlyMap<string, number>;
}

export function findRoots(disk: DiskShape, layout: Layout, standstill: Standstill): Roots {
  const manifests = readManifests(disk, layout);
  const pins = new Set(disk.list(layout.pins));
  const fingerprints = new Set<string>();
  const add = ({ run }: ManifestFile, steps?: ReadonlySet<string>) => {
    for (const [step, fingerprint] of fingerprintsOf(disk, layout, run))
      if (steps === undefined || steps.has(step)) fingerprints.add(fingerprint);
  };
  const needed = new Set([...Map.groupBy(manifests, ({ file }) => file).values()].map((runs) => runs.at(-1)!.run));
  for (const { runs, steps } of pinnedSteps(manifests))
    for (const manifest of runs) {
      add(manifest, steps);
      needed.add(manifest.run);
    }
  const live = manifests.filter(({ status, owner }) => status === "running" && standstill.verdictOf(owner) !== "gone");
  for (const manifest of [...live, ...manifests.filter(({ run }) => pins.has(run))]) {
    add(manifest);
    needed.add(manifest.run);
  }
  const startedAtMs = new Map(manifests.map(({ run, started }) => [run, Date.parse(started)]));
  const liveSinceMs = live.reduce((first, { run }) => Math.min(first, startedAtMs.get(run)!), Infinity);
  return { fingerprints, liveRuns: live.length, liveSinceMs, neededRuns: needed, startedAtMs };
}
