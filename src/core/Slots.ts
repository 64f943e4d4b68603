/**
 * Who may start now. Cheap steps run inside the driver, as many as there are cores; a worker step claims all cores, so
 * that one runs at a time, with cheap ones beside it. `--jobs` sets both, and bounds their sum.
 */
import { availableParallelism } from "node:os";

export type Kind = "driver" | "worker";

export class Slots {
  private readonly limits: { readonly [kind in Kind]: number };
  private readonly total: number;
  private readonly used = { driver: 0, worker: 0 };
  private readonly queues: { readonly [kind in Kind]: Array<number> } = { driver: [], worker: [] };

  constructor(jobs: number | undefined) {
    const cores = availableParallelism();
    this.limits = { driver: jobs ?? cores, worker: jobs ?? 1 };
    this.total = jobs ?? cores + 1;
  }

  /** Queues a step; earlier ones of the graph start first. */
  push(kind: Kind, index: number): void {
    const queue = this.queues[kind];
    let at = queue.length;
    while (at > 0 && queue[at - 1]! > index) at--;
    queue.splice(at, 0, index);
  }

  /** The next step that may start, with a slot taken for it. */
  take(): { readonly kind: Kind; readonly index: number } | undefined {
    if (this.used.driver + this.used.worker >= this.total) return undefined;
    const open = (["driver", "worker"] as const).filter(
      (kind) => this.queues[kind].length > 0 && this.used[kind] < this.limits[kind],
    );
    const kind = open.sort((a, b) => this.queues[a][0]! - this.queues[b][0]!)[0];
    if (kind === undefined) return undefined;
    this.used[kind]++;
    return { kind, index: this.queues[kind].shift()! };
  }

  release(kind: Kind): void {
    this.used[kind]--;
  }
}
