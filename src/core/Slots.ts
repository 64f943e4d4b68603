/**
 * Who may start now. Cheap steps run inside the driver, as many as there are cores; a worker step claims all cores unless it says
 * how many (`resources.cpu`), so that one runs at a time, with cheap ones beside it. `--jobs` bounds each kind and their sum, and
 * what says nothing then claims its share of the cores.
 *
 * Whatever fits starts, earlier steps of the graph first: a step that claims much waits until what it needs is free together,
 * while smaller ones go on.
 */
import { availableParallelism } from "node:os";
import type { Machine, Resources } from "./resources.ts";

export type Kind = "driver" | "worker";

/** What a step that runs holds, to be given back. */
export interface Slot {
  readonly kind: Kind;
  readonly claim: Machine;
}

interface Queued extends Slot {
  readonly index: number;
}

/** Shares of cores are fractions, which need not add up exactly. */
const rounding = 1e-6;

export class Slots {
  private readonly limits: { readonly [kind in Kind]: number };
  private readonly jobs: number;
  private readonly used = { driver: 0, worker: 0 };
  private readonly queues: { readonly [kind in Kind]: Array<Queued> } = { driver: [], worker: [] };
  /** Cores that a worker step claims which does not say how many. */
  private readonly share: number;
  private free: Machine;

  /** @param machine what its executor has; undefined where that is not known, and claims are left to the executor */
  constructor(jobs: number | undefined, machine: Machine | undefined) {
    this.jobs = jobs ?? Infinity;
    this.limits = { driver: jobs ?? availableParallelism(), worker: this.jobs };
    this.share = machine === undefined ? 0 : machine.cores / (jobs ?? 1);
    this.free = machine ?? { cores: Infinity, memoryBytes: Infinity, gpus: Infinity };
  }

  /** Queues a step; earlier ones of the graph start first. */
  push(kind: Kind, index: number, { cpu, memoryBytes = 0, gpu = 0 }: Resources = {}): void {
    const cores = cpu ?? (kind === "worker" ? this.share : 0);
    const queue = this.queues[kind];
    let at = queue.length;
    while (at > 0 && queue[at - 1]!.index > index) at--;
    queue.splice(at, 0, { kind, index, claim: { cores, memoryBytes, gpus: gpu } });
  }

  /** The next step that may start, with a slot taken for it. */
  take(): { readonly slot: Slot; readonly index: number } | undefined {
    if (this.used.driver + this.used.worker >= this.jobs) return undefined;
    const fitting = (["driver", "worker"] as const).flatMap((kind) => this.firstThatFits(kind) ?? []);
    const next = fitting.sort((a, b) => a.index - b.index)[0];
    if (next === undefined) return undefined;
    const { kind, claim, index } = next;
    this.queues[kind].splice(this.queues[kind].indexOf(next), 1);
    this.used[kind]++;
    this.hold(claim, 1);
    return { slot: { kind, claim }, index };
  }

  release({ kind, claim }: Slot): void {
    this.used[kind]--;
    this.hold(claim, -1);
  }

  private firstThatFits(kind: Kind): Queued | undefined {
    if (this.used[kind] >= this.limits[kind]) return undefined;
    return this.queues[kind].find(
      ({ claim: { cores, memoryBytes, gpus } }) =>
        cores <= this.free.cores + rounding && memoryBytes <= this.free.memoryBytes && gpus <= this.free.gpus,
    );
  }

  private hold({ cores, memoryBytes, gpus }: Machine, sign: 1 | -1): void {
    const { free } = this;
    this.free = {
      cores: free.cores - sign * cores,
      memoryBytes: free.memoryBytes - sign * memoryBytes,
      gpus: free.gpus - sign * gpus,
    };
  }
}
