/**
 * Reads all that the cache holds and says what is not as it was written: blobs against their names, records against their hash, their
 * key and their blobs, checkpoints against their names. A run does the same for what it reads; this is for what nobody has read for long.
 */
import { basename } from "node:path";
import * as Effect from "effect/Effect";
import type { ActionRecord } from "../core/ActionRecord.ts";
import type { StoreError } from "../core/errors.ts";
import { fingerprintOf } from "../core/fingerprint.ts";
import { digestInName } from "./checkpoints.ts";
import { Disk, type DiskShape } from "./Disk.ts";
import { digestNamed, fingerprintNamed } from "./gc/inventory.ts";
import { checkLayout, layoutOf, moveAside, type Layout } from "./layout.ts";
import { decodeRecord } from "./recordFile.ts";
import { attempt } from "./storeErrors.ts";

export interface Damage {
  readonly kind: "object" | "record" | "checkpoint";
  readonly path: string;
  /** `its content does not fit its name`. */
  readonly reason: string;
}

/** A step whose result is damaged: its next run makes it again. */
export interface StepToMake {
  readonly fingerprint: string;
  readonly pipeline: string;
  readonly step: string;
  readonly stage: string;
}

export interface VerifyReport {
  readonly objects: number;
  readonly bytes: number;
  readonly records: number;
  readonly checkpoints: number;
  readonly damaged: ReadonlyArray<Damage>;
  readonly again: ReadonlyArray<StepToMake>;
  /** Of the damaged files, those that were moved to `quarantine/`. */
  readonly movedAside: number;
}

export interface VerifyRequest {
  /** Moves what is damaged aside, so that nothing finds it any more. */
  readonly isRepair?: boolean;
  /** Called now and then with the bytes read so far. */
  readonly onProgress?: (bytes: number) => void;
}

export const verifyCache = Effect.fn("store.verifyCache")(function* (
  root: string,
  request: VerifyRequest = {},
): Effect.fn.Return<VerifyReport, StoreError> {
  const disk = yield* Disk;
  const layout = layoutOf(root);
  return yield* attempt("read", root, () => {
    checkLayout(disk, layout);
    return new Verification(disk, layout, request).report();
  });
});

class Verification {
  private readonly damaged: Array<Damage> = [];
  private readonly again: Array<StepToMake> = [];
  /** Digests of blobs whose content is not what their name says. */
  private readonly badBlobs = new Set<string>();
  private readonly disk: DiskShape;
  private readonly layout: Layout;
  private readonly request: VerifyRequest;

  constructor(disk: DiskShape, layout: Layout, request: VerifyRequest) {
    this.disk = disk;
    this.layout = layout;
    this.request = request;
  }

  report(): VerifyReport {
    const { objects, bytes } = this.checkObjects();
    const records = this.checkRecords();
    const checkpoints = this.checkCheckpoints();
    const { damaged, again } = this;
    if (this.request.isRepair === true) for (const { path } of damaged) moveAside(this.disk, this.layout, path);
    const left = damaged.filter(({ path }) => this.disk.size(path) !== undefined).length;
    return { objects, bytes, records, checkpoints, damaged, again, movedAside: damaged.length - left };
  }

  private checkObjects(): { readonly objects: number; readonly bytes: number } {
    const files = this.disk.files(this.layout.objects);
    let bytes = 0;
    for (const { path, sizeBytes } of files) {
      const digest = digestNamed(path);
      const found = digest === undefined ? undefined : this.disk.hash(path);
      if (digest === undefined) this.note("object", path, "its name is no digest");
      else if (found !== undefined && found !== digest) {
        this.badBlobs.add(digest);
        this.note("object", path, "its content does not fit its name");
      }
      bytes += sizeBytes;
      this.request.onProgress?.(bytes);
    }
    return { objects: files.length, bytes };
  }

  private checkRecords(): number {
    const files = this.disk.files(this.layout.actions);
    for (const { path } of files) {
      const bytes = this.disk.read(path);
      if (bytes === undefined) continue;
      const record = decodeRecord(bytes, fingerprintNamed(path));
      if (record === undefined) this.note("record", path, "it is torn, changed, or not of its name");
      else if (fingerprintOf(record.parts) !== record.fingerprint)
        this.note("record", path, "its key does not give its name", record);
      else this.checkOutputs(path, record);
    }
    return files.length;
  }

  private checkOutputs(path: string, record: ActionRecord): void {
    for (const [port, { digest, sizeBytes }] of Object.entries(record.outputs)) {
      const size = this.disk.size(this.layout.object(digest));
      const isBad = size !== sizeBytes || this.badBlobs.has(digest);
      // Garbage collection removes a record before its blobs.
      if (!isBad || this.disk.size(path) === undefined) continue;
      const what = size === undefined ? "is lost" : "is damaged";
      return this.note("record", path, `its output ${port}, ${digest.slice(0, 10)}, ${what}`, record);
    }
  }

  private checkCheckpoints(): number {
    const files = this.disk.files(this.layout.checkpoints);
    for (const { path } of files) {
      const digest = digestInName(basename(path));
      if (digest === undefined) this.note("checkpoint", path, "its name is none of a checkpoint");
      else if (![digest, undefined].includes(this.disk.hash(path)))
        this.note("checkpoint", path, "its content does not fit its name");
    }
    return files.length;
  }

  private note(kind: Damage["kind"], path: string, reason: string, record?: ActionRecord): void {
    this.damaged.push({ kind, path, reason });
    if (record === undefined) return;
    const { fingerprint, parts, provenance } = record;
    const { pipeline, step } = provenance;
    this.again.push({ fingerprint, pipeline, step, stage: parts.stage.name });
  }
}
