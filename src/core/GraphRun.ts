/** One run in progress: hits are taken as they are, the rest is started as slots allow, and what comes of it is settled. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Queue from "effect/Queue";
import type { ArtifactStore } from "./ArtifactStore.ts";
import type { ContentDigest } from "./digest.ts";
import { decisionsOf, readVerdict, settleGraph, type Verdict } from "./decisions.ts";
import type { EngineInfo } from "./EngineInfo.ts";
import { StageFailure, StoreError } from "./errors.ts";
import {
  evaluateStep,
  resolveFiles,
  type Evaluation,
  type Known,
  type Outputs,
  type StepEvaluation,
} from "./evaluate.ts";
import type { RunEvent, StepError } from "./events.ts";
import type { Executor } from "./Executor.ts";
import type { Graph } from "./Graph.ts";
import { Leases, untilFree, type LeaseHolder } from "./Leases.ts";
import { withRetry } from "./limits.ts";
import { runStep, type StepResult } from "./runStep.ts";
import { Schedule } from "./Schedule.ts";
import { Slots, type Kind } from "./Slots.ts";
import { SourceFiles } from "./SourceFiles.ts";
import type { ProgressReport } from "./Stage.ts";
import { stepErrorOf } from "./stepError.ts";

export type StepServices = ArtifactStore | SourceFiles | EngineInfo | Executor;

export interface StepFailure {
  readonly step: string;
  readonly error: StepError;
}

/** What came of a step that was started. */
type Outcome =
  | { readonly kind: "ran"; readonly result: StepResult }
  /** What the step reads is here now, and its key can be known. */
  | { readonly kind: "fetched" }
  /** Another run has made the record meanwhile. */
  | { readonly kind: "adopted" }
  /** Another run is computing the key. */
  | { readonly kind: "held"; readonly holder: LeaseHolder }
  /** No run is computing the key any more: its record is there, or it is this run's turn. */
  | { readonly kind: "free" };

interface Completion {
  readonly index: number;
  readonly exit: Exit.Exit<Outcome, StageFailure | StoreError>;
}

interface RunningStep {
  /** The slot it has; none while it waits for another run. */
  readonly slot: Kind | undefined;
  readonly fiber: Fiber.Fiber<unknown, unknown>;
}

/** A lost blob is restored by running its step again, at most this often: a disk that keeps damaging it is an error. */
const maxRepairs = 2;

export class GraphRun {
  readonly failures: Array<StepFailure> = [];
  private readonly schedule: Schedule;
  private readonly slots: Slots;
  private readonly running = new Map<number, RunningStep>();
  private readonly completions = Effect.runSync(Queue.unbounded<Completion>());
  /** Fingerprint → the step that computes it, so that equal keys are computed once. */
  private readonly leaders = new Map<string, number>();
  private readonly repairs = new Map<number, { readonly count: number; readonly digest: ContentDigest }>();
  /** What has been decided, and whom it left out. */
  private readonly verdicts = new Map<number, Verdict>();
  private readonly leftOut = new Map<number, number>();
  private readonly known: Known;
  private readonly hits = new Set<number>();
  private readonly ran = new Set<number>();
  /** Steps whose start was told, and not yet their end. */
  private readonly announced = new Set<number>();
  private readonly evaluation: Array<Evaluation[number]>;

  private readonly graph: Graph;
  private readonly options: { readonly run: string; readonly keepGoing: boolean };
  private readonly emit: (event: RunEvent) => void;
  private readonly now: () => string;

  constructor(
    graph: Graph,
    evaluation: Evaluation,
    options: { readonly run: string; readonly keepGoing: boolean; readonly jobs: number | undefined },
    emit: (event: RunEvent) => void,
    now: () => string,
  ) {
    this.graph = graph;
    this.evaluation = [...evaluation];
    this.options = options;
    this.emit = emit;
    this.now = now;
    this.schedule = new Schedule(graph, evaluation);
    this.known = {
      decisions: decisionsOf(graph),
      outputsOf: (producer) => this.schedule.outputs[producer],
      leftOutBy: (index) => this.leftOut.get(index),
      says: (index) => this.verdicts.get(index),
    };
    this.slots = new Slots(options.jobs);
  }

  counts() {
    const failed = this.schedule.indices("failed").length;
    const skipped = this.schedule.indices("skipped").length + this.leftOut.size;
    return { ran: this.ran.size, hits: this.hits.size, failed, skipped };
  }

  outputs(): Graph["outputs"] {
    return settleGraph(this.graph, this.known).outputs;
  }

  /** Until nothing runs and nothing more can start. */
  toEnd(): Effect.Effect<void, StoreError, StepServices> {
    return Effect.gen({ self: this }, function* () {
      for (const step of this.evaluation) if (step !== undefined) this.takeAsIs(step);
      for (const index of this.schedule.unblocked()) this.enqueue(index);
      yield* this.launch();
      while (this.running.size > 0) {
        yield* this.settle(yield* Queue.take(this.completions));
        yield* this.launch();
      }
      this.skipRest();
    });
  }

  /** Asks what runs to end, waits for it, and tells what came of it. */
  stop(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      yield* Fiber.interruptAll([...this.running.values()].map(({ fiber }) => fiber));
      for (let next = Queue.takeUnsafe(this.completions); next !== undefined; next = Queue.takeUnsafe(this.completions))
        if (Exit.isSuccess(next)) this.tellLate(next.value);
      for (const index of this.announced) this.emit({ event: "step.interrupted", step: this.idOf(index) });
      this.running.clear();
    });
  }

  private tellLate({ index, exit }: Completion): void {
    if (!Exit.isSuccess(exit)) return;
    if (exit.value.kind === "ran") this.finish(index, exit.value.result);
    if (exit.value.kind === "adopted") this.takeAsIs(this.evaluation[index]!);
  }

  private idOf(index: number): string {
    return this.graph.steps[index]!.id;
  }

  private fingerprintOf(index: number) {
    return this.evaluation[index]!.key!.fingerprint;
  }

  /** A step that is a hit, or left out, settles at once: gives the steps that now know all they need. */
  private takeAsIs({ index, record, leftOutBy, says }: StepEvaluation): ReadonlyArray<number> {
    if (says !== undefined) this.verdicts.set(index, says);
    if (leftOutBy !== undefined) return this.leaveOut(index, leftOutBy);
    return record === undefined ? [] : this.hit(index, record.outputs);
  }

  private leaveOut(index: number, decision: number): ReadonlyArray<number> {
    this.leftOut.set(index, decision);
    this.emit({ event: "step.skipped", step: this.idOf(index), blockedBy: this.idOf(decision), isStopped: true });
    return this.schedule.leaveOut(index);
  }

  private hit(index: number, outputs: Outputs): ReadonlyArray<number> {
    if (!this.ran.has(index)) this.hits.add(index);
    const fingerprint = this.fingerprintOf(index);
    this.forget(index);
    this.emit({ event: "step.hit", step: this.idOf(index), fingerprint, outputs: digestsOf(outputs) });
    return this.schedule.finish(index, outputs);
  }

  /** Steps that know all they need: their keys are looked up, hits and what is left out free further steps, the others queue. */
  private admit(freed: ReadonlyArray<number>): Effect.Effect<void, StoreError, StepServices> {
    return Effect.gen({ self: this }, function* () {
      const open = [...freed];
      for (let index = open.shift(); index !== undefined; index = open.shift()) {
        const evaluated = yield* this.look(index);
        if (evaluated.record === undefined && evaluated.leftOutBy === undefined) this.enqueue(index);
        else open.push(...this.takeAsIs(evaluated));
      }
    });
  }

  private look(index: number): Effect.Effect<StepEvaluation, StoreError, StepServices> {
    return Effect.map(
      evaluateStep(this.evaluation[index]!, this.known),
      (evaluated) => (this.evaluation[index] = evaluated),
    );
  }

  private enqueue(index: number): void {
    const { isForced, step, elsewhere } = this.evaluation[index]!;
    if (elsewhere.length > 0) {
      this.schedule.status[index] = "ready";
      return this.slots.push("driver", index);
    }
    const fingerprint = this.fingerprintOf(index);
    const leader = this.leaders.get(fingerprint) ?? index;
    if (leader !== index && !isForced) return this.schedule.follow(leader, index);
    this.leaders.set(fingerprint, leader);
    this.schedule.status[index] = "ready";
    this.slots.push(step.stage.runsIn, index);
  }

  private launch(): Effect.Effect<void, never, StepServices> {
    return Effect.gen({ self: this }, function* () {
      while (this.options.keepGoing || this.failures.length === 0) {
        const next = this.slots.take();
        if (next === undefined) return;
        // A step may have been blocked since it queued: by the failure of a repair of its input.
        if (this.schedule.status[next.index] === "ready") yield* this.start(next.kind, next.index);
        else this.slots.release(next.kind);
      }
    });
  }

  private start(slot: Kind, index: number): Effect.Effect<void, never, StepServices> {
    this.schedule.status[index] = "running";
    const isElsewhere = this.evaluation[index]!.elsewhere.length > 0;
    return this.fork(slot, index, isElsewhere ? this.fetch(index) : this.computeUnderLease(index));
  }

  private fork(
    slot: Kind | undefined,
    index: number,
    work: Effect.Effect<Outcome, StageFailure | StoreError, StepServices>,
  ): Effect.Effect<void, never, StepServices> {
    const told = Effect.onExit(work, (exit) => Effect.sync(() => Queue.offerUnsafe(this.completions, { index, exit })));
    return Effect.map(Effect.forkChild(told), (fiber) => void this.running.set(index, { slot, fiber }));
  }

  private announce(index: number): void {
    if (this.announced.has(index)) return;
    this.announced.add(index);
    const repairs = this.repairs.get(index)?.digest;
    this.emit({ event: "step.started", step: this.idOf(index), ...(repairs === undefined ? {} : { repairs }) });
  }

  /** Looks again once it has the lease: another run may have published and let go of it since the last look. */
  private computeUnderLease(index: number): Effect.Effect<Outcome, StageFailure | StoreError, StepServices> {
    const purpose = { run: this.options.run, step: this.idOf(index) };
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen({ self: this }, function* () {
        const claim = yield* (yield* Leases).take(this.fingerprintOf(index), purpose);
        if (claim.kind === "held") return claim;
        const work = Effect.gen({ self: this }, function* () {
          if ((yield* this.look(index)).record !== undefined) return { kind: "adopted" } as const;
          this.announce(index);
          return { kind: "ran", result: yield* this.compute(index) } as const;
        });
        return yield* Effect.ensuring(restore(work), claim.release);
      }),
    );
  }

  private compute(index: number): Effect.Effect<StepResult, StageFailure | StoreError, StepServices> {
    const { step, key, files } = this.evaluation[index]!;
    const warn = (message: string) => this.emit({ event: "step.warning", step: step.id, message });
    const attempt = runStep({
      graph: this.graph,
      run: this.options.run,
      step,
      key: key!,
      files,
      outputsOf: (producer) => this.schedule.outputs[producer]!,
      onProgress: (report) => this.progress(index, report),
      onWarning: warn,
      startedAt: this.now(),
    });
    return withRetry(attempt, step.limits, warn);
  }

  private fetch(index: number): Effect.Effect<Outcome, StageFailure, StepServices> {
    const { elsewhere } = this.evaluation[index]!;
    return Effect.gen({ self: this }, function* () {
      this.announce(index);
      const source = yield* SourceFiles;
      for (const field of elsewhere)
        yield* source.fetch(field, (done, total) => this.progress(index, { done, total, unit: "bytes" }));
      return { kind: "fetched" } as const;
    });
  }

  /** What it reads is here: its key is known now, and may be that of a record. */
  private admitFetched(index: number): Effect.Effect<void, StoreError, StepServices> {
    return Effect.gen({ self: this }, function* () {
      const before = this.evaluation[index]!;
      const found = yield* Effect.exit(resolveFiles(before.step));
      if (Exit.isSuccess(found) && found.value.elsewhere.length === 0) {
        this.evaluation[index] = { ...before, ...found.value };
        return yield* this.admit([index]);
      }
      const error = Exit.isSuccess(found) ? lostAgain(before.step.id) : Cause.squash(found.cause);
      this.fail(index, stepErrorOf(error));
    });
  }

  private progress(index: number, { done, total, unit, metrics, isResumed }: ProgressReport): void {
    if (!this.running.has(index)) return;
    if (isResumed === true) return this.emit({ event: "step.resumed", step: this.idOf(index), done, total, unit });
    this.emit({ ...metrics, event: "step.progress", step: this.idOf(index), done, total, unit });
  }

  private settle({ index, exit }: Completion): Effect.Effect<void, StoreError, StepServices> {
    const { slot } = this.running.get(index)!;
    if (slot !== undefined) this.slots.release(slot);
    this.running.delete(index);
    if (Exit.isSuccess(exit)) return this.settleOutcome(index, exit.value);
    // It waited for another run, and `fail` of another step has called that off.
    if (Exit.hasInterrupts(exit)) return Effect.sync(() => void (this.schedule.status[index] = "ready"));
    const error = Cause.squash(exit.cause);
    if (!this.repair(index, error)) this.fail(index, stepErrorOf(error));
    return Effect.void;
  }

  private done(index: number, result: StepResult): Effect.Effect<void, StoreError, StepServices> {
    if (!this.known.decisions.has(index)) return this.admit(this.finish(index, result));
    return Effect.flatMap(readVerdict(this.graph.steps[index]!, result.outputs), (says) => {
      this.verdicts.set(index, says);
      return this.admit(this.finish(index, result));
    });
  }

  private settleOutcome(index: number, outcome: Outcome): Effect.Effect<void, StoreError, StepServices> {
    switch (outcome.kind) {
      case "ran":
        return this.done(index, outcome.result);
      case "adopted":
        return this.admit(this.takeAsIs(this.evaluation[index]!));
      case "fetched":
        return this.admitFetched(index);
      case "free":
        return this.admit([index]);
      case "held":
        return this.awaitHolder(index, outcome.holder);
    }
  }

  /** Takes no slot meanwhile, so that other steps go on. */
  private awaitHolder(index: number, holder: LeaseHolder): Effect.Effect<void, never, StepServices> {
    const fingerprint = this.fingerprintOf(index);
    this.emit({ event: "step.waiting", step: this.idOf(index), fingerprint, holder });
    const isOver = this.failures.length > 0 && !this.options.keepGoing;
    if (!isOver) return this.fork(undefined, index, Effect.as(untilFree(fingerprint), { kind: "free" } as const));
    return Effect.sync(() => void (this.schedule.status[index] = "ready"));
  }

  private finish(index: number, { outputs, durationMs, differs }: StepResult): ReadonlyArray<number> {
    const fingerprint = this.fingerprintOf(index);
    this.forget(index);
    this.hits.delete(index);
    this.ran.add(index);
    this.emit({
      event: "step.finished",
      step: this.idOf(index),
      fingerprint,
      outputs: digestsOf(outputs),
      durationMs,
      ...(differs === undefined ? {} : { differs }),
    });
    return this.schedule.finish(index, outputs);
  }

  /** Where the cache lost an input, the step that made it runs again first. */
  private repair(index: number, error: unknown): boolean {
    if (!(error instanceof StoreError) || error.digest === undefined) return false;
    const producer = this.schedule.producerOf(index, error.digest);
    if (producer === undefined) return false;
    const count = this.repairs.get(producer)?.count ?? 0;
    if (count >= maxRepairs) return false;
    this.announced.delete(index);
    if (!this.schedule.awaitRepair(index, producer)) return true;
    this.repairs.set(producer, { count: count + 1, digest: error.digest as ContentDigest });
    this.enqueue(producer);
    return true;
  }

  private fail(index: number, error: StepError): void {
    this.forget(index);
    this.hits.delete(index);
    this.failures.push({ step: this.idOf(index), error });
    this.emit({ event: "step.failed", step: this.idOf(index), error });
    for (const blocked of this.schedule.fail(index)) this.skip(blocked, this.idOf(index));
    if (this.options.keepGoing) return;
    for (const { slot, fiber } of this.running.values()) if (slot === undefined) fiber.interruptUnsafe();
  }

  /** It is over with the step, for now: another one may lead those of its key. */
  private forget(index: number): void {
    this.announced.delete(index);
    const fingerprint = this.evaluation[index]!.key?.fingerprint;
    if (fingerprint !== undefined && this.leaders.get(fingerprint) === index) this.leaders.delete(fingerprint);
  }

  private skip(index: number, blockedBy: string): void {
    this.emit({ event: "step.skipped", step: this.idOf(index), blockedBy });
  }

  /** After a failure nothing new starts: what is left was not blocked by its inputs, but by that. */
  private skipRest(): void {
    const [first] = this.failures;
    if (first === undefined) return;
    for (const index of this.schedule.abandon()) this.skip(index, first.step);
  }
}

const lostAgain = (step: string): StageFailure =>
  new StageFailure({
    cause: "inputs-moved",
    message: `what ${step} reads was downloaded, and went away before it could be read`,
    hint: "Run the same command again.",
  });

const digestsOf = (outputs: Outputs): { readonly [port: string]: ContentDigest } =>
  Object.fromEntries(Object.entries(outputs).map(([port, { digest }]) => [port, digest]));
