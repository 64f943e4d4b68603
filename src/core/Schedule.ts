/**
 * The bookkeeping of a run: which steps wait for which, what is ready, what is running, what is blocked. Plain and
 * synchronous, so that a thousand hits cost nothing; `GraphRun.ts` drives it.
 */
import type { Evaluation, Outputs } from "./evaluate.ts";
import { linksOf, stepsBefore, type Graph } from "./Graph.ts";

/**
 * `waiting` for inputs → `ready` → `running` → `done` or `failed`; `follows`: an equal key is being computed by another step;
 * `left-out`: its loop had stopped before.
 */
export type Status =
  "unneeded" | "waiting" | "ready" | "follows" | "running" | "done" | "failed" | "skipped" | "left-out";

/** What a failure elsewhere no longer changes; what is running has its inputs and may finish. */
const settled: ReadonlySet<Status> = new Set(["unneeded", "done", "failed", "skipped", "running", "left-out"]);

export class Schedule {
  readonly status: Array<Status>;
  readonly outputs: Array<Outputs | undefined>;
  private readonly pending: Array<number>;
  private readonly dependents: ReadonlyArray<ReadonlyArray<number>>;
  private readonly followers = new Map<number, Array<number>>();
  private readonly graph: Graph;

  constructor(graph: Graph, evaluation: Evaluation) {
    this.graph = graph;
    this.status = evaluation.map((step) => (step === undefined ? "unneeded" : "waiting"));
    this.outputs = evaluation.map(() => undefined);
    const producers = graph.steps.map((step, index) => (evaluation[index] === undefined ? [] : [...stepsBefore(step)]));
    this.pending = producers.map((list) => list.length);
    const dependents = graph.steps.map((): Array<number> => []);
    for (const [index, list] of producers.entries()) for (const producer of list) dependents[producer]!.push(index);
    this.dependents = dependents;
  }

  /** Steps that wait, and for nothing. */
  unblocked(): ReadonlyArray<number> {
    return this.indices("waiting").filter((index) => this.pending[index] === 0);
  }

  indices(status: Status): ReadonlyArray<number> {
    return this.status.flatMap((each, index) => (each === status ? [index] : []));
  }

  /** The outputs are there: gives the steps that now have all their inputs, and those that waited for an equal key. */
  finish(index: number, outputs: Outputs): ReadonlyArray<number> {
    this.outputs[index] = outputs;
    this.status[index] = "done";
    return [...this.takeFollowers(index), ...this.release(index)];
  }

  /** It will not run, and nothing is wrong with that: gives the steps that now know all they need. */
  leaveOut(index: number): ReadonlyArray<number> {
    this.status[index] = "left-out";
    return this.release(index);
  }

  private release(index: number): ReadonlyArray<number> {
    const freed: Array<number> = [];
    for (const dependent of this.dependents[index]!) {
      if (this.status[dependent] !== "waiting") continue;
      this.pending[dependent]!--;
      if (this.pending[dependent] === 0) freed.push(dependent);
    }
    return freed;
  }

  /** It failed: gives all that needs it, directly or through others, and can no longer run. */
  fail(index: number): ReadonlyArray<number> {
    this.status[index] = "failed";
    const skipped: Array<number> = [];
    const open = [...this.takeFollowers(index), ...this.dependents[index]!];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (settled.has(this.status[next]!)) continue;
      this.status[next] = "skipped";
      skipped.push(next);
      open.push(...this.dependents[next]!, ...this.takeFollowers(next));
    }
    return skipped.sort((a, b) => a - b);
  }

  /** Gives up what has not started. */
  abandon(): ReadonlyArray<number> {
    const left = this.status.flatMap((status, index) => (settled.has(status) ? [] : [index]));
    for (const index of left) this.status[index] = "skipped";
    return left;
  }

  follow(leader: number, index: number): void {
    this.status[index] = "follows";
    const list = this.followers.get(leader) ?? [];
    list.push(index);
    this.followers.set(leader, list);
  }

  /** `index` cannot go on before `producer` has restored its outputs; true where the producer has to be started for it. */
  awaitRepair(index: number, producer: number): boolean {
    this.status[index] = "waiting";
    const isFirst = this.status[producer] === "done";
    if (!isFirst) {
      this.pending[index]!++;
      return false;
    }
    this.status[producer] = "ready";
    for (const dependent of this.dependents[producer]!) {
      if (this.status[dependent] === "waiting") this.pending[dependent]!++;
    }
    return true;
  }

  /** The producer of an input by its digest. */
  producerOf(index: number, digest: string): number | undefined {
    const links = linksOf(this.graph.steps[index]!);
    return links.find(({ link }) => this.outputs[link.step]?.[link.port]?.digest === digest)?.link.step;
  }

  private takeFollowers(index: number): Array<number> {
    const list = this.followers.get(index) ?? [];
    this.followers.delete(index);
    for (const follower of list) this.status[follower] = "waiting";
    return list;
  }
}
