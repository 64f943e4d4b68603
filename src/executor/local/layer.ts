/**
 * The executor of one machine: cheap stages run inside the driver, the others in long-lived worker processes, which are
 * started when first needed and kept for the next step.
 */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { ArtifactStore } from "../../core/ArtifactStore.ts";
import type { StageFailure, StoreError } from "../../core/errors.ts";
import { Executor, type Task, type TaskListener, type TaskResult } from "../../core/Executor.ts";
import type { Machine } from "../../core/resources.ts";
import { machineHere } from "./machine.ts";
import { runTask } from "./runTask.ts";
import type { Ended, WorkerEntry, WorkerProcess } from "./WorkerProcess.ts";

export interface LocalOptions {
  readonly worker: WorkerEntry;
  /** How many workers there will be at most, `--jobs`: each is told to compute with its share of the cores. Default 1. */
  readonly jobs?: number | undefined;
  /** What all steps share; by default what this machine has. */
  readonly machine?: Machine;
  /** How long a step that was asked to end may take for it before its process group is killed. */
  readonly graceMs?: number;
}

/** Tells a worker how many threads to compute with where a step does not say; the numbers do not depend on it. */
export const threadsVariable = "TANDEM_THREADS";

export const layerLocal = (options: LocalOptions): Layer.Layer<Executor, never, ArtifactStore> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      const store = yield* ArtifactStore;
      const machine = options.machine ?? machineHere();
      const threads = Math.max(1, Math.floor(machine.cores / (options.jobs ?? 1)));
      const env = { ...options.worker.env, [threadsVariable]: String(threads) };
      const workers = new WorkerPool({ ...options.worker, env }, options.graceMs ?? 20_000);
      yield* Effect.addFinalizer(() => Effect.promise(() => workers.close()));
      return Executor.of({
        machine,
        run: (task, listener) =>
          task.stage.runsIn === "worker"
            ? runInWorker(workers, task, listener)
            : Effect.provideService(runInDriver(task, listener), ArtifactStore, store),
      });
    }),
  );

/** The flag is for stages that poll it; what waits for a promise is interrupted by Effect. */
const runInDriver = (task: Task, { onProgress, onWarning }: TaskListener) =>
  Effect.suspend(() => {
    let isInterrupted = false;
    const work = runTask(task, { onProgress, onWarning, isInterrupted: () => isInterrupted });
    return Effect.onInterrupt(work, () => Effect.sync(() => void (isInterrupted = true)));
  });

const runInWorker = (
  workers: WorkerPool,
  task: Task,
  listener: TaskListener,
): Effect.Effect<TaskResult, StageFailure | StoreError> =>
  Effect.gen(function* () {
    const worker = yield* Effect.promise(() => workers.take(task));
    const ended = yield* untilEnded(workers, worker, task, listener).pipe(
      Effect.ensuring(Effect.sync(() => workers.giveBack(worker))),
    );
    return ended.kind === "done" ? ended.result : yield* ended.failure;
  });

/** Interruption asks the worker to end the task and waits until it has. */
const untilEnded = (
  workers: WorkerPool,
  worker: WorkerProcess,
  task: Task,
  listener: TaskListener,
): Effect.Effect<Ended> =>
  Effect.callback((resume) => {
    const hasEnded = new Promise<void>((resolve) => {
      const onEnd = (ended: Ended) => {
        resume(Effect.succeed(ended));
        resolve();
      };
      worker.start({ task, listener, onEnd });
    });
    return Effect.promise(() => workers.interrupt(worker, hasEnded));
  });

const releaseGraceMs = 2000;

/** Idle workers wait for the next task; there are never more than were needed at once. */
class WorkerPool {
  private readonly idle: Array<WorkerProcess> = [];
  private readonly all = new Set<WorkerProcess>();
  private readonly entry: WorkerEntry;
  private readonly graceMs: number;
  /** However the driver exits, by a second Ctrl-C too, its workers and what they started go with it. */
  private readonly killAll = (): void => {
    for (const worker of this.all) worker.kill();
  };

  constructor(entry: WorkerEntry, graceMs: number) {
    this.entry = entry;
    this.graceMs = graceMs;
    process.on("exit", this.killAll);
  }

  /**
   * One that has not computed on another device or with other threads: native libraries fix theirs when they are loaded. Where
   * only such ones are idle, one of them goes for it.
   */
  async take({ stage, device = "", resources }: Task): Promise<WorkerProcess> {
    const computesOn = stage.usesEngine ? `${device} ${resources?.cpu ?? ""}` : undefined;
    this.dropDead();
    const isFree = (worker: WorkerProcess) =>
      computesOn === undefined || worker.computesOn === undefined || worker.computesOn === computesOn;
    const at = this.idle.findLastIndex(isFree);
    const worker = at === -1 ? await this.replaceIdle() : this.idle.splice(at, 1)[0]!;
    worker.computesOn ??= computesOn;
    return worker;
  }

  private dropDead(): void {
    for (const worker of this.idle.splice(0)) {
      if (worker.isAlive) this.idle.push(worker);
      else this.all.delete(worker);
    }
  }

  private async replaceIdle(): Promise<WorkerProcess> {
    const former = this.idle.pop();
    if (former !== undefined) {
      await former.release(releaseGraceMs);
      this.all.delete(former);
    }
    // Not at the top of the module: a run with nothing to do starts no process.
    const { WorkerProcess } = await import("./WorkerProcess.ts");
    const worker = new WorkerProcess(this.entry);
    this.all.add(worker);
    return worker;
  }

  giveBack(worker: WorkerProcess): void {
    if (worker.isAlive) this.idle.push(worker);
    else this.all.delete(worker);
  }

  /** Asks, waits, and kills when the grace is over; resolves when the task has ended one way or the other. */
  async interrupt(worker: WorkerProcess, hasEnded: Promise<void>): Promise<void> {
    worker.interrupt();
    const timer = setTimeout(() => worker.kill(), this.graceMs);
    await hasEnded;
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    await Promise.all([...this.all].map((worker) => worker.release(releaseGraceMs)));
    process.off("exit", this.killAll);
  }
}
