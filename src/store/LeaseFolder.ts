/**
 * Leases as files: `leases/<fingerprint>` is the first holder's, `leases/<fingerprint>-<id>` that of who took over from the lease
 * of that id, and so on; the last of this chain holds the lease. Every step is a `link(2)` of a whole file, of which one process
 * succeeds; since ids are never used again, a take-over can only be of the very lease that was found dead. Who lets go removes the
 * chain from its head, so that what a crash leaves of it can be reached no more.
 *
 * Holders never write their leases again. That they live is shown by the process itself, or by its heartbeat.
 */
import { randomBytes } from "node:crypto";
import { sha256 } from "../core/digest.ts";
import type { LeasePurpose } from "../core/Leases.ts";
import type { DiskShape } from "./Disk.ts";
import { nameFirst, removeQuietly, type Layout } from "./layout.ts";
import type { ProcessIdentity } from "./processIdentity.ts";
import type { Standstill } from "./Standstill.ts";

export interface StoredLease extends LeasePurpose {
  readonly id: string;
  /** Undefined where the file is damaged: it holds nothing. */
  readonly owner: ProcessIdentity | undefined;
}

export interface ChainedLease {
  readonly path: string;
  readonly lease: StoredLease;
}

/** Ids of the leases that this process holds, through whichever layer. */
const held = new Set<string>();

export class LeaseFolder {
  private readonly disk: DiskShape;
  private readonly layout: Layout;
  private readonly self: ProcessIdentity;
  private readonly standstill: Standstill;

  constructor(disk: DiskShape, layout: Layout, self: ProcessIdentity, standstill: Standstill) {
    this.disk = disk;
    this.layout = layout;
    this.self = self;
    this.standstill = standstill;
  }

  /** @returns the id of the lease taken, or who holds it. Throws system errors. */
  take(fingerprint: string, purpose: LeasePurpose): string | StoredLease {
    const id = randomBytes(16).toString("hex");
    const { run, step } = purpose;
    const bytes = Buffer.from(`${JSON.stringify({ id, owner: this.self, run, step } satisfies StoredLease)}\n`);
    // Before the file is there: whoever sees it sees it held.
    held.add(id);
    let isTaken = false;
    try {
      const other = this.join(fingerprint, id, bytes);
      isTaken = other === undefined;
      return other ?? id;
    } finally {
      if (!isTaken) held.delete(id);
    }
  }

  /** Becomes the last of the chain, unless who is last lives: then that is given. */
  private join(fingerprint: string, id: string, bytes: Uint8Array): StoredLease | undefined {
    for (;;) {
      const last = this.chain(fingerprint).at(-1);
      if (last !== undefined && !this.isGone(last.lease)) return last.lease;
      const path = this.layout.lease(fingerprint, last?.lease.id);
      if (!nameFirst(this.disk, this.layout, bytes, path, false)) continue;
      // The chain may have been let go of between the look and the link: then the name was free, and nobody sees it.
      if (this.chain(fingerprint).at(-1)?.lease.id === id) return undefined;
      this.disk.remove(path);
    }
  }

  /** What cannot be removed now is dead: nobody holds it once its process says so, or is gone. */
  release(fingerprint: string, id: string): void {
    held.delete(id);
    const chain = this.chain(fingerprint);
    // Taken over by a process that believed this one gone: the chain is its to remove.
    if (chain.at(-1)?.lease.id !== id) return;
    for (const { path } of chain) removeQuietly(this.disk, path);
  }

  /** Who holds it; undefined where nobody does. */
  holder(fingerprint: string): StoredLease | undefined {
    const last = this.chain(fingerprint).at(-1);
    return last === undefined || this.isGone(last.lease) ? undefined : last.lease;
  }

  chain(fingerprint: string): ReadonlyArray<ChainedLease> {
    const chain: Array<ChainedLease> = [];
    for (let after: string | undefined; ;) {
      const path = this.layout.lease(fingerprint, after);
      const bytes = this.disk.read(path);
      if (bytes === undefined) return chain;
      const lease = leaseIn(bytes);
      chain.push({ path, lease });
      after = lease.id;
    }
  }

  private isGone(lease: StoredLease): boolean {
    return isGone(lease, this.self, this.standstill);
  }
}

/** Whether nobody holds it any more, as seen by a process. */
export function isGone({ id, owner }: StoredLease, self: ProcessIdentity, standstill: Standstill): boolean {
  if (owner === undefined) return true;
  return owner.id === self.id ? !held.has(id) : standstill.verdictOf(owner) === "gone";
}

/** Not synced, so that a power loss may damage it: its holder is gone then, too. It has an id to be taken over by all the same. */
export function leaseIn(bytes: Buffer): StoredLease {
  try {
    const lease = JSON.parse(bytes.toString("utf8")) as Partial<StoredLease> | null;
    if (typeof lease?.id === "string" && typeof lease.owner?.id === "string") return lease as StoredLease;
  } catch {
    // As good as none.
  }
  return { id: sha256(bytes).slice(0, 32), owner: undefined, run: "unknown", step: "unknown" };
}
