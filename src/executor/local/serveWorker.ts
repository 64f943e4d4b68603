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
import type { Environment } from "../../core/environment.ts";
import { StageFailure, StoreError } from "../../core/errors.ts";
import type { AnyStage } from "../../core/Stage.ts";
import type { StageCode } from "../../core/StageFile.ts";
import { readFromDriver, writeFromWorker, type FromWorker, type TaskMessage } from "./messages.ts";
import { failureOfDefect, runTask } from "./runTask.ts";

export interface WorkerSetup<R, E = never> {
  readonly stages: ReadonlyArray<AnyStage>;
  /** Loads a stage of the user's own; without it there are none. */
  readonly openStage?: (code: StageCode) => Promise<AnyStage>;
  /** The store, and what stages need besides: built before the first task, closed at the end. */
  readonly layer: Layer.Layer<ArtifactStore | R, StoreError>;
  /**
   * What stages that use the engine need on a device (without one: the run's) and with so many threads (without: the worker's
   * share); built before the first such task.
   */
  readonly engineOn?: (device: string | undefined, threads: number | undefined) => EngineSetup<E>;
}

export interface EngineSetup<E> {
  readonly layer: Layer.Layer<E, StageFailure>;
  /** For the records of what it computes. */
  readonly environment: Environment;
}

/** How long the task in hand may take to end when the driver is gone. */
const orphanGraceMs = 20_000;

/** To a driver that is gone, nothing is said. */
const say = (message: FromWorker): void => {
  if (process.connected) process.send!(writeFromWorker(message));
};

export function serveWorker<R, E>({ stages, openStage, layer, engineOn }: WorkerSetup<R, E>): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  const scope = Effect.runSync(Scope.make());
  let base: Promise<Context.Context<ArtifactStore | R>> | undefined;
  const engines = new Map<string, EngineOnDevice<E>>();
  let isInterrupted = false;
  let current: Promise<void> = Promise.resolve();

  const engineFor = (stage: AnyStage, { device, resources }: TaskMessage): EngineOnDevice<E> | undefined => {
    if (!stage.usesEngine || engineOn === undefined) return undefined;
    const threads = resources?.cpu;
    const key = `${device ?? ""} ${threads ?? ""}`;
    const known = engines.get(key);
    if (known !== undefined) return known;
    const { layer, environment } = engineOn(device, threads);
    const built = { context: Effect.runPromise(Layer.buildWithScope(layer, scope)), environment };
    built.context.catch(() => engines.delete(key)); // the next step may find it
    engines.set(key, built);
    return built;
  };

  const runOne = async (task: TaskMessage): Promise<void> => {
    isInterrupted = false;
    const hooks = {
      onProgress: (report: (FromWorker & { kind: "progress" })["report"]) => say({ kind: "progress", report }),
      onWarning: (message: string) => say({ kind: "warning", message }),
      isInterrupted: () => isInterrupted,
    };
    const exit = await (async () => {
      base ??= Effect.runPromise(Layer.buildWithScope(layer, scope));
      const stage = await stageOf(stages, openStage, task);
      const engine = engineFor(stage, task);
      const services = Context.merge(await base, (await engine?.context) ?? Context.empty());
      const work = Effect.map(runTask({ ...task, stage }, hooks), (result) =>
        engine === undefined ? result : { ...result, environment: engine.environment },
      );
      return Effect.runPromiseExit(Effect.provideContext(work, services));
    })().catch((error: unknown) => Exit.die(error));
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

interface EngineOnDevice<E> {
  readonly context: Promise<Context.Context<E>>;
  readonly environment: Environment;
}

type FromWorkerResult = (FromWorker & { kind: "done" })["result"];

async function stageOf(
  stages: WorkerSetup<unknown>["stages"],
  openStage: WorkerSetup<unknown>["openStage"],
  { stage: name, version, code }: TaskMessage,
): Promise<AnyStage> {
  const known = code === undefined ? stages : [await openStage!(code)];
  const stage = known.find((stage) => stage.name === name && stage.version === version);
  if (stage === undefined) throw new TypeError(`the worker knows no stage ${name}, version ${version}`);
  return stage;
}
