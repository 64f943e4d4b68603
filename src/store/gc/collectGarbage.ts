/**
 * Garbage collection beside runs in progress, without a lock. Whoever uses a record or a blob that was there already marks it by its
 * time (directory.ts); here a file is first moved out of sight, and if its time is no longer that of the inventory, put back.
 * Whoever comes after the move finds nothing, and makes it again. Records go, durably, before the blobs they refer to.
 */
import { dirname, join } from "node:path";
import * as Effect from "effect/Effect";
import type { StoreError } from "../../core/errors.ts";
import { codeOf, Disk, type DiskShape } from "../Disk.ts";
import { asidePath, checkLayout, inFolder, layoutOf, removeQuietly, type Layout } from "../layout.ts";
import { LeaseFolder } from "../LeaseFolder.ts";
import { usualStandstill } from "../leases.ts";
import { thisProcess } from "../processIdentity.ts";
import { Standstill, type StandstillOptions } from "../Standstill.ts";
import { attempt } from "../storeErrors.ts";
import { findGarbage, type Findings, type Garbage, type GcOptions } from "./findGarbage.ts";
import { undecided } from "./roots.ts";

export interface GcRequest extends GcOptions {
  /** Only tell what would go. */
  readonly isDryRun?: boolean;
  /** Called once, where it has to be waited for news of other machines. */
  readonly onWait?: () => void;
  readonly standstill?: Partial<StandstillOptions>;
}

export interface GcReport extends Findings {
  /** Of `garbage`, what is gone; all that would go, where nothing was to be removed. */
  readonly removed: ReadonlyArray<Garbage>;
}

const lookEveryMs = 500;
const staleAfterMs = 24 * 3_600_000;

/** What garbage collection says of itself where it takes a lease for a moment. */
const collecting = { run: "cache gc", step: "cache gc" };

/** Waits where processes on other machines hold leases or runs, until they show that they live or are known to be gone. */
export const collectGarbage = Effect.fn("store.collectGarbage")(function* (
  root: string,
  request: GcRequest,
): Effect.fn.Return<GcReport, StoreError> {
  const disk = yield* Disk;
  const layout = layoutOf(root);
  const standstill = new Standstill(disk, layout, { ...usualStandstill, ...request.standstill });
  yield* attempt("open", root, () => checkLayout(disk, layout));
  for (let looks = 0; yield* attempt("list", root, () => undecided(disk, layout, standstill)); looks++) {
    if (looks === 0) request.onWait?.();
    yield* Effect.sleep(lookEveryMs);
  }
  const findings = yield* attempt("list", root, () => findGarbage(disk, layout, standstill, request));
  if (request.isDryRun === true) return { ...findings, removed: findings.garbage };
  const removed = yield* attempt("write", root, () => {
    const gone = new Collector(disk, layout, standstill).remove(findings.garbage);
    sweepLeases(disk, layout, standstill);
    return gone;
  });
  return { ...findings, removed };
});

class Collector {
  private readonly disk: DiskShape;
  private readonly layout: Layout;
  private readonly leases: LeaseFolder;

  constructor(disk: DiskShape, layout: Layout, standstill: Standstill) {
    this.disk = disk;
    this.layout = layout;
    this.leases = new LeaseFolder(disk, layout, thisProcess(), standstill);
  }

  remove(garbage: ReadonlyArray<Garbage>): ReadonlyArray<Garbage> {
    const records = garbage.filter(({ kind }) => kind === "record");
    const gone = new Set(records.filter((each) => this.removeUnused(each)));
    // A power loss must not bring back a record whose blobs are gone.
    for (const folder of new Set([...gone].map(({ path }) => dirname(path)))) this.disk.syncFolder(folder);
    const stays = new Set(records.filter((each) => !gone.has(each)).flatMap(({ digests = [] }) => digests));
    const mayGo = ({ kind, path }: Garbage) => kind !== "record" && !(kind === "object" && stays.has(digestAt(path)));
    for (const other of garbage) if (mayGo(other) && this.removeOther(other)) gone.add(other);
    return [...gone];
  }

  private removeOther(garbage: Garbage): boolean {
    switch (garbage.kind) {
      case "checkpoint":
        return this.removeCheckpoints(garbage);
      case "hub":
      case "run":
        return this.removeFolder(garbage.path);
      default:
        return this.removeUnused(garbage);
    }
  }

  /** False where it was used since the inventory. */
  private removeUnused({ path, changedAtMs }: Garbage): boolean {
    if (this.disk.changedAtMs(path) !== changedAtMs) return false;
    const aside = asidePath(this.layout);
    if (!this.moveTo(aside, path)) return false;
    if (this.disk.changedAtMs(aside) === changedAtMs) {
      this.disk.remove(aside);
      return true;
    }
    try {
      this.disk.link(aside, path);
    } catch (error) {
      // Made again in this moment.
      if (codeOf(error) !== "EEXIST") throw error;
    }
    this.disk.remove(aside);
    return false;
  }

  /** Under the lease of the fingerprint, so that no step goes on from them meanwhile. */
  private removeCheckpoints({ path, changedAtMs }: Garbage): boolean {
    const fingerprint = path.slice(this.layout.checkpoints.length + 1);
    const lease = this.leases.take(fingerprint, collecting);
    if (typeof lease !== "string") return false;
    try {
      const files = this.disk.files(path);
      return files.every((file) => file.changedAtMs <= changedAtMs) && this.removeFolder(path);
    } finally {
      this.leases.release(fingerprint, lease);
    }
  }

  private removeFolder(path: string): boolean {
    const aside = asidePath(this.layout);
    if (!this.moveTo(aside, path)) return false;
    this.disk.removeTree(aside);
    return true;
  }

  private moveTo(aside: string, path: string): boolean {
    try {
      inFolder(this.disk, this.layout.aside, () => this.disk.rename(path, aside));
      return true;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  }
}

const digestAt = (path: string): string => path.split("/").slice(-2).join("");

/** A lease that nobody holds is taken and let go of, which removes its chain; what no chain leads to goes once a day has passed. */
function sweepLeases(disk: DiskShape, layout: Layout, standstill: Standstill): void {
  const leases = new LeaseFolder(disk, layout, thisProcess(), standstill);
  const named = disk.list(layout.leases).filter((name) => /^[0-9a-f]{64}/.test(name));
  const chained = new Set<string>();
  for (const fingerprint of named.filter((name) => name.length === 64)) {
    const lease = leases.take(fingerprint, collecting);
    if (typeof lease === "string") leases.release(fingerprint, lease);
    else for (const { path } of leases.chain(fingerprint)) chained.add(path);
  }
  const unchained = named.map((name) => join(layout.leases, name)).filter((path) => !chained.has(path));
  const beats = disk.list(layout.heartbeats).map((id) => layout.heartbeat(id));
  for (const path of [...unchained, ...beats])
    if (Date.now() - (disk.changedAtMs(path) ?? Date.now()) > staleAfterMs) removeQuietly(disk, path);
}
