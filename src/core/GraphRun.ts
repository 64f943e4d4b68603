/** One run in progress: hits are taken as they are, the rest is started as slots allow, and what comes of it is settled. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Queue from "effect/Queue";
import { StageFailure, type StoreError } from "./errors.ts";
import { resolveFiles, type Evaluation } from "./evaluate.ts";
import type { RunEvent, StepError } from "./events.ts";
import type { Graph } from "./Graph.ts";
import { untilFree, type LeaseHolder } from "./Leases.ts";
import { RunState } from "./RunState.ts";
import type { StepResult } from "./runStep.ts";
import type { Machine } from "./resources.ts";
import { Slots, type Slot } from "./Slots.ts";
import { stepErrorOf } from "./stepError.ts";
import { workOf, type Outcome, type StepServices, type StepWork } from "./stepWork.ts";

interface Completion {
  readonly index: number;
  readonly exit: Exit.Exit<Outcome, StageFailure | StoreError>;
}

interface RunningStep {
  /** The slot it has; none while it waits for another run, or for its next try. */
  readonly slot: Slot | undefined;
  readonly fiber: Fiber.Fiber<unknown, unknown>;
}

export interface GraphRunOptions {
  readonly run: string;
  readonly keepGoing: boolean;
  readonly jobs: number | undefined;
  /** What the executor has for all steps, where that is known. */
  readonly machine: Machine | undefined;
}

export class GraphRun {
  readonly state: RunState;
  private readonly keepGoing: boolean;
  private readonly slots: Slots;
  private readonly running = new Map<number, RunningStep>();
  /** Why steps failed that wait for their next try. */
  private readonly retrying = new Map<number, unknown>();
  private readonly completions = Effect.runSync(Queue.unbounded<Completion>());

  constructor(
    graph: Graph,
    evaluation: Evaluation,
    options: GraphRunOptions,
    emit: (event: RunEvent) => void,
    now: () => string,
  ) {
    this.state = new RunState(graph, evaluation, options.run, emit, now);
    this.keepGoing = options.keepGoing;
    this.slots = new Slots(options.jobs, options.machine);
  }

  /** Until nothing runs and nothing more can start. */
  toEnd(): Effect.Effect<void, StoreError, StepServices> {
    return Effect.gen({ self: this }, function* () {
      const { state } = this;
      for (const step of state.evaluation) if (step !== undefined) state.takeAsIs(step);
      for (const index of state.schedule.unblocked()) this.enqueue(index);
      yield* this.launch();
      while (this.running.size > 0) {
        yield* this.settle(yield* Queue.take(this.completions));
        yield* this.launch();
      }
      state.skipRest();
    });
  }

  /** Asks what runs to end, waits for it, and tells what came of it. */
  stop(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      yield* Fiber.interruptAll([...this.running.values()].map(({ fiber }) => fiber));
      for (let next = Queue.takeUnsafe(this.completions); next !== undefined; next = Queue.takeUnsafe(this.completions))
        if (Exit.isSuccess(next)) this.tellLate(next.value);
      this.state.tellInterrupted();
      this.running.clear();
    });
  }

  private tellLate({ index, exit }: Completion): void {
    if (!Exit.isSuccess(exit)) return;
    if (exit.value.kind === "ran") this.state.finish(index, exit.value.result);
    if (exit.value.kind === "adopted") this.state.takeAsIs(this.state.evaluation[index]!);
  }

  /** Steps that know all they need: their keys are looked up, hits and what is left out free further steps, the others queue. */
  private admit(freed: ReadonlyArray<number>): Effect.Effect<void, StoreError, StepServices> {
    return Effect.gen({ self: this }, function* () {
      const open = [...freed];
      for (let index = open.shift(); index !== undefined; index = open.shift()) {
        const evaluated = yield* this.state.look(index);
        if (evaluated.record === undefined && evaluated.leftOutBy === undefined) this.enqueue(index);
        else open.push(...this.state.takeAsIs(evaluated));
      }
    });
  }

  private enqueue(index: number): void {
    const { schedule } = this.state;
    const { step, elsewhere } = this.state.evaluation[index]!;
    const leader = this.state.lead(index);
    if (leader !== index) return schedule.follow(leader, index);
    schedule.status[index] = "ready";
    // To fetch what it reads claims nothing.
    if (elsewhere.length > 0) this.slots.push("driver", index);
    else this.slots.push(step.stage.runsIn, index, step.resources);
  }

  private launch(): Effect.Effect<void, never, StepServices> {
    return Effect.gen({ self: this }, function* () {
      while (!this.isOver()) {
        const next = this.slots.take();
        if (next === undefined) return;
        // A step may have been blocked since it queued: by the failure of a repair of its input.
        if (this.state.schedule.status[next.index] === "ready") yield* this.start(next.slot, next.index);
        else this.slots.release(next.slot);
      }
    });
  }

  /** After a failure nothing new starts, unless the run is to go on with what it does not block. */
  private isOver(): boolean {
    return this.state.failures.length > 0 && !this.keepGoing;
  }

  private start(slot: Slot, index: number): Effect.Effect<void, never, StepServices> {
    this.state.schedule.status[index] = "running";
    const work = workOf(this.state, index, (report) => {
      if (this.running.has(index)) this.state.progress(index, report);
    });
    return this.fork(slot, index, work);
  }

  private fork(slot: Slot | undefined, index: number, work: StepWork): Effect.Effect<void, never, StepServices> {
    const told = Effect.onExit(work, (exit) => Effect.sync(() => Queue.offerUnsafe(this.completions, { index, exit })));
    return Effect.map(Effect.forkChild(told), (fiber) => void this.running.set(index, { slot, fiber }));
  }

  private settle({ index, exit }: Completion): Effect.Effect<void, StoreError, StepServices> {
    const { slot } = this.running.get(index)!;
    if (slot !== undefined) this.slots.release(slot);
    this.running.delete(index);
    if (Exit.isSuccess(exit)) return this.settleOutcome(index, exit.value);
    // It waited, and `fail` of another step has called that off.
    if (Exit.hasInterrupts(exit)) return Effect.sync(() => this.giveUpWaiting(index));
    const error = Cause.squash(exit.cause);
    const repair = this.state.repair(index, error);
    if (repair === undefined) return this.retryOrFail(index, error);
    if (repair.start !== undefined) this.enqueue(repair.start);
    return Effect.void;
  }

  /** Neither slot nor lease is held until the next try: another run may take its turn. */
  private retryOrFail(index: number, error: unknown): Effect.Effect<void, never, StepServices> {
    const waitMs = this.isOver() ? undefined : this.state.retry(index, error);
    if (waitMs === undefined) return Effect.sync(() => this.fail(index, stepErrorOf(error)));
    this.retrying.set(index, error);
    return this.fork(undefined, index, Effect.as(Effect.sleep(waitMs), { kind: "free" } as const));
  }

  private settleOutcome(index: number, outcome: Outcome): Effect.Effect<void, StoreError, StepServices> {
    switch (outcome.kind) {
      case "ran":
        return this.done(index, outcome.result);
      case "adopted":
        return this.admit(this.state.takeAsIs(this.state.evaluation[index]!));
      case "fetched":
        return this.admitFetched(index);
      case "free":
        this.retrying.delete(index);
        return this.admit([index]);
      case "held":
        return this.awaitHolder(index, outcome.holder);
    }
  }

  private done(index: number, result: StepResult): Effect.Effect<void, StoreError, StepServices> {
    const read = this.state.readDecision(index, result.outputs);
    return Effect.flatMap(read, () => this.admit(this.state.finish(index, result)));
  }

  /** What it reads is here: its key is known now, and may be that of a record. */
  private admitFetched(index: number): Effect.Effect<void, StoreError, StepServices> {
    return Effect.gen({ self: this }, function* () {
      const before = this.state.evaluation[index]!;
      const found = yield* Effect.exit(resolveFiles(before.step));
      if (Exit.isSuccess(found) && found.value.elsewhere.length === 0) {
        this.state.evaluation[index] = { ...before, ...found.value };
        return yield* this.admit([index]);
      }
      const error = Exit.isSuccess(found) ? lostAgain(before.step.id) : Cause.squash(found.cause);
      this.fail(index, stepErrorOf(error));
    });
  }

  /** Takes no slot meanwhile, so that other steps go on. */
  private awaitHolder(index: number, holder: LeaseHolder): Effect.Effect<void, never, StepServices> {
    const fingerprint = this.state.fingerprintOf(index);
    this.state.emit({ event: "step.waiting", step: this.state.idOf(index), fingerprint, holder });
    if (this.isOver()) return Effect.sync(() => this.giveUpWaiting(index));
    return this.fork(undefined, index, Effect.as(untilFree(fingerprint), { kind: "free" } as const));
  }

  private giveUpWaiting(index: number): void {
    const error = this.retrying.get(index);
    if (error !== undefined) return this.fail(index, stepErrorOf(error));
    this.state.schedule.status[index] = "ready";
  }

  private fail(index: number, error: StepError): void {
    this.state.fail(index, error);
    if (this.keepGoing) return;
    for (const { slot, fiber } of this.running.values()) if (slot === undefined) fiber.interruptUnsafe();
  }
}

const lostAgain = (step: string): StageFailure =>
  new StageFailure({
    cause: "inputs-moved",
    message: `what ${step} reads was downloaded, and went away before it could be read`,
    hint: "Run the same command again.",
  });
