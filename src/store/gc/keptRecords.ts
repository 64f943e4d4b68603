/**
 * Which records stay: roots, what was used lately, and what those were made from, down to the first files. A size cap then takes
 * those that were used longest ago, of equals what depends on others first, so that what stays has all it refers to.
 */
import type { ActionRecord } from "../../core/ActionRecord.ts";
import type { FoundFile } from "../Disk.ts";
import type { FoundRecord, Inventory } from "./inventory.ts";

export interface SoundRecord extends FoundFile {
  readonly record: ActionRecord;
}

export interface Keep {
  /** Never to go: a root, or too young to tell. */
  readonly isFirm: (found: SoundRecord) => boolean;
  readonly isRecent: (found: SoundRecord) => boolean;
  /** Bytes that all kept records with their blobs may take. */
  readonly roomBytes: number | undefined;
}

export interface KeptRecords {
  readonly kept: ReadonlySet<SoundRecord>;
  /** Those that had to go for the size cap alone. */
  readonly capped: ReadonlySet<SoundRecord>;
  /** Digests of blobs that kept records made or were made from. */
  readonly digests: ReadonlySet<string>;
}

export function keptRecords({ records, objects }: Inventory, keep: Keep): KeptRecords {
  const sound = records.filter(isSound).sort((a, b) => b.changedAtMs - a.changedAtMs);
  const producers = producersOf(sound);
  const firm = reachable(sound.filter(keep.isFirm), producers);
  const kept = reachable([...firm, ...sound.filter(keep.isRecent)], producers);
  const room = new Room(kept, objects);
  const capped = new Set<SoundRecord>();
  const byUse = [...kept].filter((found) => !firm.has(found)).sort((one, other) => one.changedAtMs - other.changedAtMs);
  // What others need is left for the moment when they are gone.
  const needed: Array<SoundRecord> = [];
  while (keep.roomBytes !== undefined && room.bytes > keep.roomBytes) {
    const freed = needed.findIndex((found) => !room.isNeeded(found));
    const next = freed === -1 ? byUse.shift() : needed.splice(freed, 1)[0];
    if (next === undefined) break;
    if (room.isNeeded(next)) needed.push(next);
    else {
      kept.delete(next);
      capped.add(next);
      room.leave(next);
    }
  }
  return { kept, capped, digests: room.digests() };
}

/** What kept records take together: each blob once. */
class Room {
  bytes = 0;
  /** Digest → how many records hold on to it. */
  private readonly holds = new Map<string, number>();
  /** Digest → how many records were made from it. */
  private readonly needs = new Map<string, number>();
  private readonly objects: Inventory["objects"];

  constructor(records: Iterable<SoundRecord>, objects: Inventory["objects"]) {
    this.objects = objects;
    for (const { sizeBytes, record } of records) {
      this.bytes += sizeBytes;
      for (const digest of inputsOf(record)) count(this.needs, digest, 1);
      for (const digest of digestsOf(record)) if (count(this.holds, digest, 1) === 1) this.bytes += this.sizeOf(digest);
    }
  }

  leave({ sizeBytes, record }: SoundRecord): void {
    this.bytes -= sizeBytes;
    for (const digest of inputsOf(record)) count(this.needs, digest, -1);
    for (const digest of digestsOf(record)) if (count(this.holds, digest, -1) === 0) this.bytes -= this.sizeOf(digest);
  }

  /** A record that stays was made from what this one made. */
  isNeeded({ record }: SoundRecord): boolean {
    return Object.values(record.outputs).some(({ digest }) => (this.needs.get(digest) ?? 0) > 0);
  }

  digests(): ReadonlySet<string> {
    return new Set([...this.holds].flatMap(([digest, holders]) => (holders > 0 ? [digest] : [])));
  }

  private sizeOf(digest: string): number {
    return this.objects.get(digest)?.sizeBytes ?? 0;
  }
}

function count(counts: Map<string, number>, name: string, by: number): number {
  const sum = (counts.get(name) ?? 0) + by;
  counts.set(name, sum);
  return sum;
}

const isSound = (found: FoundRecord): found is FoundRecord & SoundRecord => found.record !== undefined;

/** With the records that made what these were made from, and so on. Of several that made the same bytes, one suffices. */
function reachable(from: ReadonlyArray<SoundRecord>, producers: Producers): Set<SoundRecord> {
  const found = new Set(from);
  // A set is iterated with what is added meanwhile.
  for (const { record } of found) {
    for (const digest of inputsOf(record)) {
      const makers = producers.get(digest) ?? [];
      if (makers[0] !== undefined && !makers.some((maker) => found.has(maker))) found.add(makers[0]);
    }
  }
  return found;
}

type Producers = ReadonlyMap<string, ReadonlyArray<SoundRecord>>;

/** @param records the one used last first */
function producersOf(records: ReadonlyArray<SoundRecord>): Producers {
  const producers = new Map<string, Array<SoundRecord>>();
  for (const found of records)
    for (const { digest } of Object.values(found.record.outputs)) {
      const makers = producers.get(digest);
      if (makers === undefined) producers.set(digest, [found]);
      else makers.push(found);
    }
  return producers;
}

const inputsOf = ({ parts }: ActionRecord): ReadonlyArray<string> => Object.values(parts.inputs).flat();

const digestsOf = (record: ActionRecord): ReadonlySet<string> =>
  new Set([...Object.values(record.outputs).map(({ digest }) => digest as string), ...inputsOf(record)]);
