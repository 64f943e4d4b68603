/**
 * The worker's side: takes tasks one at a time until the driver lets it go. It ignores terminal signals and obeys the driver
 * alone; when the driver vanishes it ends the task in hand and exits, so that no worker outlives its driver for long.
 */
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import type { ArtifactStore } from "../../core/ArtifactStore.ts";
import { StageFailure, StoreError } from "../../core/errors.ts";
import type { AnyStage } from "../../core/Stage.ts";
import { readFromDriver, writeFromWorker, type FromWorker, type TaskMessage } from "./messages.ts";
import { failureOfDefect, runTask } from "./runTask.ts";

export interface WorkerSetup<R> {
  readonly stages: ReadonlyArray<AnyStage>;
  /** The store, and what stages need besides: built before the first task, closed at the end. */
  readonly layer: Layer.Layer<ArtifactStore | R, StoreError>;
}

/** How long the task in hand may take to end when the driver is gone. */
const orphanGraceMs = 20_000;

/** To a driver that is gone, nothing is said. */
const say = (message: FromWorker): void => {
  if (process.connected) process.send!(writeFromWorker(message));
};

export function serveWorker<R>({ stages, layer }: WorkerSetup<R>): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  const scope = Effect.runSync(Scope.make());
  let context: Promise<Context.Context<ArtifactStore | R>> | undefined;
  let isInterrupted = false;
  let current: Promise<void> = Promise.resolve();

  const runOne = async (task: TaskMessage): Promise<void> => {
    isInterrupted = false;
    context ??= Effect.runPromise(Layer.buildWithScope(layer, scope));
    const hooks = {
      onProgress: (report: (FromWorker & { kind: "progress" })["report"]) => say({ kind: "progress", report }),
      onWarning: (message: string) => say({ kind: "warning", message }),
      isInterrupted: () => isInterrupted,
    };
    const work = Effect.suspend(() => runTask({ ...task, stage: stageOf(stages, task) }, hooks));
    const exit = await context.then(
      (services) => Effect.runPromiseExit(Effect.provideContext(work, services)),
      (error: unknown) => Exit.die(error),
    );
    say(endOf(task, exit));
  };

  process.on("message", (raw) => {
    const message = readFromDriver(raw);
    if (message.kind === "interrupt") isInterrupted = true;
    else current = runOne(message.task);
  });
  process.on("disconnect", () => {
    isInterrupted = true;
    setTimeout(() => process.exit(1), orphanGraceMs).unref();
    void current.then(() => Effect.runPromise(Scope.close(scope, Exit.void))).finally(() => process.exit(0));
  });
}

function endOf(task: TaskMessage, exit: Exit.Exit<FromWorkerResult, StageFailure | StoreError>): FromWorker {
  if (Exit.isSuccess(exit)) return { kind: "done", result: exit.value };
  const error = Cause.squash(exit.cause);
  if (error instanceof StageFailure || error instanceof StoreError) return { kind: "failed", failure: error };
  return { kind: "failed", failure: failureOfDefect(task.step, task.stage, error) };
}

type FromWorkerResult = (FromWorker & { kind: "done" })["result"];

function stageOf(stages: ReadonlyArray<AnyStage>, { stage: name, version }: TaskMessage): AnyStage {
  const stage = stages.find((stage) => stage.name === name && stage.version === version);
  if (stage === undefined) throw new TypeError(`the worker knows no stage ${name}, version ${version}`);
  return stage;
}
