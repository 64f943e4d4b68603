/**
 * Tells a process that is gone from one that lives. On this machine the process alone decides. Elsewhere it is its heartbeat, looked at
 * again and again: it is gone when the number stood still for a while on this process's own clock. Clocks of other machines, and
 * times of files, count for nothing.
 */
import type { DiskShape } from "./Disk.ts";
import type { Layout } from "./layout.ts";
import { livesHere, type ProcessIdentity } from "./processIdentity.ts";

export type Verdict = "lives" | "gone";

export interface StandstillOptions {
  /** A clock in milliseconds that does not jump. */
  readonly nowMs: () => number;
  /** How long a heartbeat has to stand still. */
  readonly afterMs: number;
  /** A pause between two looks counts as at most this: it was this process that slept. */
  readonly longestPauseMs: number;
}

interface Seen {
  beat: string | undefined;
  /** It has changed between two looks. */
  lives: boolean;
  stillMs: number;
  lookedAtMs: number;
}

export class Standstill {
  private readonly seen = new Map<string, Seen>();
  private readonly disk: DiskShape;
  private readonly layout: Layout;
  private readonly options: StandstillOptions;

  constructor(disk: DiskShape, layout: Layout, options: StandstillOptions) {
    this.disk = disk;
    this.layout = layout;
    this.options = options;
  }

  /** Undefined where it was not yet looked at for long enough. */
  verdictOf(owner: ProcessIdentity): Verdict | undefined {
    const lives = livesHere(owner);
    return lives === undefined ? this.byHeartbeat(owner.id) : lives ? "lives" : "gone";
  }

  private byHeartbeat(id: string): Verdict | undefined {
    const { nowMs, afterMs, longestPauseMs } = this.options;
    const beat = this.disk.read(this.layout.heartbeat(id))?.toString("latin1");
    const now = nowMs();
    const seen = this.seen.get(id);
    if (seen === undefined || seen.beat !== beat) {
      const lives = seen !== undefined;
      this.seen.set(id, { beat, lives, stillMs: 0, lookedAtMs: now });
      return lives ? "lives" : undefined;
    }
    seen.stillMs += Math.min(now - seen.lookedAtMs, longestPauseMs);
    seen.lookedAtMs = now;
    if (seen.stillMs >= afterMs) return "gone";
    return seen.lives ? "lives" : undefined;
  }
}
