/** What may go from a cache folder, and why: everything that neither a root nor lately used work can reach. Removes nothing. */
import { basename } from "node:path";
import type { DiskShape, FoundFile } from "../Disk.ts";
import type { Layout } from "../layout.ts";
import type { Standstill } from "../Standstill.ts";
import { takeInventory, type FoundFolder, type Inventory } from "./inventory.ts";
import { keptRecords, type KeptRecords, type SoundRecord } from "./keptRecords.ts";
import { findRoots, liveLeases, type LiveLease, type Roots } from "./roots.ts";

export interface GcOptions {
  /** What was used this long ago stays. */
  readonly keepMs: number;
  /** What is this young is not looked at: a run may be about to refer to it. */
  readonly graceMs: number;
  /** Most bytes that objects, records, checkpoints, hub models and code of stages may take together. */
  readonly maxBytes?: number | undefined;
  /** Logs of runs that began this long ago go, but for those that are needed. Absent: all logs stay. */
  readonly runsOlderThanMs?: number | undefined;
}

export type GarbageKind = "record" | "object" | "checkpoint" | "hub" | "stage" | "run" | "quarantine" | "aside";

export interface Garbage {
  readonly kind: GarbageKind;
  /** A file, or a folder: of checkpoints, of a hub model, of a run's log. */
  readonly path: string;
  readonly bytes: number;
  readonly reason: string;
  /** When it was as it was found. */
  readonly changedAtMs: number;
  /** Of a record: what made it. */
  readonly step?: string;
  readonly pipeline?: string;
  /** Of a record: the blobs that it holds on to. */
  readonly digests?: ReadonlyArray<string>;
}

export interface Findings {
  /** Records first: a blob goes only after the records that refer to it. */
  readonly garbage: ReadonlyArray<Garbage>;
  readonly keptRecords: number;
  readonly keptObjects: number;
  readonly keptBytes: number;
  /** What is kept takes more than the size cap, and none of it may go. */
  readonly isOverCap: boolean;
  readonly liveRuns: number;
}

export function findGarbage(disk: DiskShape, layout: Layout, standstill: Standstill, options: GcOptions): Findings {
  let leases: ReadonlyArray<LiveLease> = [];
  const inventory = takeInventory(disk, layout, () => void (leases = liveLeases(disk, layout, standstill)));
  const age = new Ages(options, leases, Date.now());
  const roots = findRoots(disk, layout, standstill);
  const checkpoints = checkpointGarbage(inventory, leases, age);
  const takenBytes = sum([...inventory.checkpoints, ...inventory.hub, ...inventory.stages]) - bytesOf(checkpoints);
  const records = keptRecords(inventory, {
    isFirm: (found) => roots.fingerprints.has(found.record.fingerprint) || age.isYoung(found),
    isRecent: (found) => age.isRecent(found),
    roomBytes: options.maxBytes === undefined ? undefined : options.maxBytes - takenBytes,
  });
  const garbage = [
    ...recordGarbage(inventory, records, age),
    ...objectGarbage(inventory, records, age),
    ...checkpoints,
    ...hubGarbage(inventory, records, age),
    ...stageGarbage(inventory, records, roots, age),
    ...runGarbage(inventory, roots, options, age),
    ...leftovers(inventory, age),
  ];
  return { garbage, ...totals(inventory, garbage, options), liveRuns: roots.liveRuns };
}

/** Ages as the cache's clock tells them; a time in the future is young. */
class Ages {
  private readonly nowMs: number;
  private readonly keepMs: number;
  private readonly graceMs: number;
  private readonly youngSinceMs: number;

  constructor({ keepMs, graceMs }: GcOptions, leases: ReadonlyArray<LiveLease>, nowMs: number) {
    this.nowMs = nowMs;
    this.keepMs = keepMs;
    this.graceMs = graceMs;
    // What a step in progress has written is newer than its lease, whatever the clock has done since.
    const oldestLease = leases.reduce((oldest, { takenAtMs }) => Math.min(oldest, takenAtMs), Infinity);
    this.youngSinceMs = Math.min(nowMs - graceMs, oldestLease - 1000);
  }

  isYoung({ changedAtMs }: FoundFile): boolean {
    return changedAtMs > this.youngSinceMs;
  }

  /** Not used since then, nor shortly before: a run reads the code of its stages before it is logged. */
  isBefore({ changedAtMs }: FoundFile, ms: number): boolean {
    return changedAtMs < ms - this.graceMs;
  }

  isRecent({ changedAtMs }: FoundFile): boolean {
    return this.nowMs - changedAtMs < this.keepMs;
  }

  isOlderThan({ changedAtMs }: FoundFile, ms: number): boolean {
    return this.nowMs - changedAtMs > ms;
  }

  inWords({ changedAtMs }: FoundFile): string {
    const hours = Math.max(0, Math.floor((this.nowMs - changedAtMs) / 3_600_000));
    return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
  }
}

const item = (kind: GarbageKind, { path, sizeBytes, changedAtMs }: FoundFile, reason: string): Garbage => ({
  kind,
  path,
  bytes: sizeBytes,
  reason,
  changedAtMs,
});

const recordGarbage = ({ records }: Inventory, { kept, capped }: KeptRecords, age: Ages): ReadonlyArray<Garbage> =>
  records.flatMap((found): ReadonlyArray<Garbage> => {
    const { record } = found;
    if (record === undefined) return age.isYoung(found) ? [] : [item("record", found, "damaged")];
    // Cast: it has a record, so it is the very object that was sorted among the sound ones.
    const sound = found as SoundRecord;
    if (kept.has(sound)) return [];
    const unused = `last used ${age.inWords(found)} ago`;
    const { step, pipeline } = record.provenance;
    const digests = Object.values(record.outputs).map(({ digest }) => digest);
    return [
      {
        ...item("record", found, capped.has(sound) ? `over the size cap, ${unused}` : unused),
        step,
        pipeline,
        digests,
      },
    ];
  });

const objectGarbage = (
  { objects, records }: Inventory,
  { digests }: KeptRecords,
  age: Ages,
): ReadonlyArray<Garbage> => {
  const made = new Set(
    records.flatMap(({ record }) => Object.values(record?.outputs ?? {}).map(({ digest }) => digest as string)),
  );
  return [...objects].flatMap(([digest, file]) =>
    digests.has(digest) || age.isYoung(file)
      ? []
      : [item("object", file, made.has(digest) ? "of a record that goes" : "of no record")],
  );
};

function checkpointGarbage(
  { checkpoints, records }: Inventory,
  leases: ReadonlyArray<LiveLease>,
  age: Ages,
): ReadonlyArray<Garbage> {
  const inProgress = new Set(leases.map(({ fingerprint }) => fingerprint));
  const done = new Set(records.flatMap(({ record }) => (record === undefined ? [] : [record.fingerprint as string])));
  return checkpoints.flatMap((folder) => {
    if (inProgress.has(folder.name) || age.isYoung(folder)) return [];
    if (done.has(folder.name)) return [item("checkpoint", folder, "its step is done")];
    return age.isRecent(folder)
      ? []
      : [item("checkpoint", folder, `nobody went on from it for ${age.inWords(folder)}`)];
  });
}

/** A record names the files that it was made from: while it stays, its key can be known only with them here. */
function hubGarbage({ hub }: Inventory, { kept }: KeptRecords, age: Ages): ReadonlyArray<Garbage> {
  const used = [...kept].flatMap(({ record }) => Object.values(record.provenance.files).flat());
  const isUsed = ({ name }: FoundFolder) => used.some(({ path }) => path.includes(`/hub/${name}/`));
  return hub.flatMap((folder) =>
    age.isYoung(folder) || age.isRecent(folder) || isUsed(folder)
      ? []
      : [item("hub", folder, `no record was made from it, and it is here for ${age.inWords(folder)}`)],
  );
}

/** It is made again from the stage's file at any time; but workers of a run in progress load it as the run has read it. */
function stageGarbage(
  { stages }: Inventory,
  { kept }: KeptRecords,
  { liveSinceMs }: Roots,
  age: Ages,
): ReadonlyArray<Garbage> {
  const used = new Set([...kept].map(({ record }) => record.parts.stage.code));
  return stages.flatMap((code) => {
    if (age.isYoung(code) || !age.isBefore(code, liveSinceMs)) return [];
    if (code.digest !== undefined && used.has(code.digest)) return [];
    const reason = code.digest === undefined ? "its stage has other code now" : "no record was made by it";
    return code.files.map((file) => item("stage", file, `${reason}, last used ${age.inWords(code)} ago`));
  });
}

/** A log is the audit of a run, and small: it goes only where that is asked for. */
function runGarbage(
  { runs }: Inventory,
  { neededRuns, startedAtMs }: Roots,
  { runsOlderThanMs }: GcOptions,
  age: Ages,
): ReadonlyArray<Garbage> {
  if (runsOlderThanMs === undefined) return [];
  return runs.flatMap((folder) => {
    const started = { ...folder, changedAtMs: startedAtMs.get(folder.name) ?? Infinity };
    const isOld = age.isOlderThan(started, runsOlderThanMs) && !age.isYoung(folder);
    const reason = `began ${age.inWords(started)} ago, and its file was run since`;
    return isOld && !neededRuns.has(folder.name) ? [item("run", folder, reason)] : [];
  });
}

function leftovers({ quarantine, aside }: Inventory, age: Ages): ReadonlyArray<Garbage> {
  const damaged = quarantine.flatMap((file) => {
    const setAside = { ...file, changedAtMs: setAsideAtMs(file) };
    return age.isRecent(setAside) ? [] : [item("quarantine", file, `damaged, set aside ${age.inWords(setAside)} ago`)];
  });
  return [...damaged, ...aside.map((file) => item("aside", file, "half-written by a process that is gone"))];
}

/** The name ends with the time in base 36 (`moveAside`): moving a file does not change its own. */
const setAsideAtMs = ({ path, changedAtMs }: FoundFile): number => {
  const time = Number.parseInt(basename(path).split("-").at(-1)!, 36);
  return Number.isNaN(time) ? changedAtMs : time;
};

const sum = (files: Iterable<FoundFile>): number => [...files].reduce((all, { sizeBytes }) => all + sizeBytes, 0);

const bytesOf = (garbage: ReadonlyArray<Garbage>): number => garbage.reduce((all, { bytes }) => all + bytes, 0);

function totals(inventory: Inventory, garbage: ReadonlyArray<Garbage>, { maxBytes }: GcOptions) {
  const going = (kind: GarbageKind) => garbage.filter((each) => each.kind === kind).length;
  const counted: ReadonlySet<GarbageKind> = new Set(["record", "object", "checkpoint", "hub", "stage"]);
  const { objects, records, checkpoints, hub, stages } = inventory;
  const all = [...objects.values(), ...records, ...checkpoints, ...hub, ...stages];
  const keptBytes = sum(all) - bytesOf(garbage.filter(({ kind }) => counted.has(kind)));
  return {
    keptRecords: inventory.records.length - going("record"),
    keptObjects: inventory.objects.size - going("object"),
    keptBytes,
    isOverCap: maxBytes !== undefined && keptBytes > maxBytes,
  };
}
