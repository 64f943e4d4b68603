/**
 * What has come of the steps of a run so far, and the telling of it: every change of a step's state is an event here, and gives
 * the steps that now know all they need. `GraphRun.ts` starts work and settles what comes of it.
 */
import * as Effect from "effect/Effect";
import type { ArtifactStore } from "./ArtifactStore.ts";
import type { ContentDigest } from "./digest.ts";
import { decisionsOf, readVerdict, settleGraph, type Verdict } from "./decisions.ts";
import type { EngineInfo } from "./EngineInfo.ts";
import { StoreError } from "./errors.ts";
import { evaluateStep, type Evaluation, type Known, type Outputs, type StepEvaluation } from "./evaluate.ts";
import type { RunEvent, StepError } from "./events.ts";
import type { Graph } from "./Graph.ts";
import { nextTry } from "./limits.ts";
import type { StepResult } from "./runStep.ts";
import { Schedule } from "./Schedule.ts";
import type { ProgressReport } from "./Stage.ts";
import { stepErrorOf } from "./stepError.ts";

export interface StepFailure {
  readonly step: string;
  readonly error: StepError;
}

/** A lost blob is restored by running its step again, at most this often: a disk that keeps damaging it is an error. */
const maxRepairs = 2;

export class RunState {
  readonly failures: Array<StepFailure> = [];
  readonly schedule: Schedule;
  readonly graph: Graph;
  readonly run: string;
  readonly emit: (event: RunEvent) => void;
  readonly now: () => string;
  readonly evaluation: Array<Evaluation[number]>;
  /** Fingerprint → the step that computes it, so that equal keys are computed once. */
  private readonly leaders = new Map<string, number>();
  private readonly repairs = new Map<number, { readonly count: number; readonly digest: ContentDigest }>();
  /** What has been decided, and whom it left out. */
  private readonly verdicts = new Map<number, Verdict>();
  private readonly leftOut = new Map<number, number>();
  private readonly known: Known;
  private readonly hits = new Set<number>();
  private readonly ran = new Set<number>();
  /** How often each step was tried again. */
  private readonly tried = new Map<number, number>();
  /** Steps whose start was told, and not yet their end. */
  private readonly announced = new Set<number>();

  constructor(graph: Graph, evaluation: Evaluation, run: string, emit: (event: RunEvent) => void, now: () => string) {
    this.graph = graph;
    this.evaluation = [...evaluation];
    this.run = run;
    this.emit = emit;
    this.now = now;
    this.schedule = new Schedule(graph, evaluation);
    this.known = {
      decisions: decisionsOf(graph),
      outputsOf: (producer) => this.schedule.outputs[producer],
      leftOutBy: (index) => this.leftOut.get(index),
      says: (index) => this.verdicts.get(index),
    };
  }

  counts() {
    const failed = this.schedule.indices("failed").length;
    const skipped = this.schedule.indices("skipped").length + this.leftOut.size;
    return { ran: this.ran.size, hits: this.hits.size, failed, skipped };
  }

  outputs(): Graph["outputs"] {
    return settleGraph(this.graph, this.known).outputs;
  }

  idOf(index: number): string {
    return this.graph.steps[index]!.id;
  }

  fingerprintOf(index: number) {
    return this.evaluation[index]!.key!.fingerprint;
  }

  /** A step that is a hit, or left out, settles at once: gives the steps that now know all they need. */
  takeAsIs({ index, record, leftOutBy, says }: StepEvaluation): ReadonlyArray<number> {
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

  look(index: number): Effect.Effect<StepEvaluation, StoreError, ArtifactStore | EngineInfo> {
    return Effect.map(
      evaluateStep(this.evaluation[index]!, this.known),
      (evaluated) => (this.evaluation[index] = evaluated),
    );
  }

  announce(index: number): void {
    if (this.announced.has(index)) return;
    this.announced.add(index);
    const repairs = this.repairs.get(index)?.digest;
    this.emit({ event: "step.started", step: this.idOf(index), ...(repairs === undefined ? {} : { repairs }) });
  }

  progress(index: number, { done, total, unit, metrics, isResumed }: ProgressReport): void {
    if (isResumed === true) return this.emit({ event: "step.resumed", step: this.idOf(index), done, total, unit });
    this.emit({ ...metrics, event: "step.progress", step: this.idOf(index), done, total, unit });
  }

  /** What a decision that ran has to say; nothing of other steps. */
  readDecision(index: number, outputs: Outputs): Effect.Effect<void, StoreError, ArtifactStore> {
    if (!this.known.decisions.has(index)) return Effect.void;
    return Effect.map(readVerdict(this.graph.steps[index]!, outputs), (says) => void this.verdicts.set(index, says));
  }

  finish(index: number, { outputs, durationMs, differs }: StepResult): ReadonlyArray<number> {
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

  /** The step that computes its key: itself, unless another one leads those of the key. */
  lead(index: number): number {
    const { isForced, elsewhere } = this.evaluation[index]!;
    if (elsewhere.length > 0) return index;
    const fingerprint = this.fingerprintOf(index);
    const leader = this.leaders.get(fingerprint) ?? index;
    if (leader !== index && !isForced) return leader;
    this.leaders.set(fingerprint, leader);
    return index;
  }

  /** Where the cache lost an input, the step that made it runs again first: tells which one has to be started for that, if any. */
  repair(index: number, error: unknown): { readonly start: number | undefined } | undefined {
    if (!(error instanceof StoreError) || error.digest === undefined) return undefined;
    const producer = this.schedule.producerOf(index, error.digest);
    if (producer === undefined) return undefined;
    const count = this.repairs.get(producer)?.count ?? 0;
    if (count >= maxRepairs) return undefined;
    this.announced.delete(index);
    if (!this.schedule.awaitRepair(index, producer)) return { start: undefined };
    this.repairs.set(producer, { count: count + 1, digest: error.digest as ContentDigest });
    return { start: producer };
  }

  fail(index: number, error: StepError): void {
    this.forget(index);
    this.hits.delete(index);
    this.failures.push({ step: this.idOf(index), error });
    this.emit({ event: "step.failed", step: this.idOf(index), error });
    for (const blocked of this.schedule.fail(index)) this.skip(blocked, this.idOf(index));
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
  skipRest(): void {
    const [first] = this.failures;
    if (first === undefined) return;
    for (const index of this.schedule.abandon()) this.skip(index, first.step);
  }

  /** The wait before the next try, in milliseconds; undefined where the failure stands. */
  retry(index: number, error: unknown): number | undefined {
    const step = this.graph.steps[index]!;
    const next = nextTry(error, step.limits, this.tried.get(index));
    if (next === undefined) return undefined;
    const { cause, message } = stepErrorOf(error);
    this.tried.set(index, next.attempt);
    this.announced.delete(index);
    this.emit({ event: "step.retried", step: step.id, cause, message, ...next });
    return next.waitMs;
  }

  tellInterrupted(): void {
    for (const index of this.announced) this.emit({ event: "step.interrupted", step: this.idOf(index) });
  }
}

const digestsOf = (outputs: Outputs): { readonly [port: string]: ContentDigest } =>
  Object.fromEntries(Object.entries(outputs).map(([port, { digest }]) => [port, digest]));
