/**
 * A task from its inputs' digests to its outputs' digests: read and check, decode, run the stage, encode, write. The same
 * function serves the driver and the workers, so that where a stage runs cannot change what it makes.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Logger from "effect/Logger";
import * as LogLevel from "effect/LogLevel";
import * as Schema from "effect/Schema";
import type { StoredOutput } from "../../core/ActionRecord.ts";
import { ArtifactStore } from "../../core/ArtifactStore.ts";
import {
  resolveOutputType,
  typeLabel,
  type AnyArtifactType,
  type InputPort,
  type InputTypes,
} from "../../core/ArtifactType.ts";
import { Checkpoints } from "../../core/Checkpoints.ts";
import type { ContentDigest } from "../../core/digest.ts";
import { StageFailure, StoreError } from "../../core/errors.ts";
import type { Task, TaskListener, TaskResult } from "../../core/Executor.ts";
import { Progress, type AnyStage } from "../../core/Stage.ts";
import { taskCheckpoints } from "./taskCheckpoints.ts";
import { throttle } from "./throttle.ts";

export interface TaskHooks extends TaskListener {
  readonly isInterrupted: () => boolean;
}

/** All but the stage's own needs (`Engine`), which whoever calls has in its context. */
export const runTask = (
  task: Task,
  hooks: TaskHooks,
): Effect.Effect<TaskResult, StageFailure | StoreError, ArtifactStore> => {
  const progress = throttle(hooks.onProgress);
  return untilDone(task).pipe(
    Effect.provideServiceEffect(Checkpoints, taskCheckpoints(task)),
    Effect.provideService(Progress, { report: progress.report, isInterrupted: hooks.isInterrupted }),
    Effect.provide(warningsTo(hooks.onWarning)),
    Effect.onExit(() => Effect.sync(progress.flush)),
    defectsAsFailures(task),
  );
};

/** A stage's log has one reader, the person at the run: what is below a warning would not interest them. */
const warningsTo = (onWarning: (message: string) => void) =>
  Logger.layer([
    Logger.make(({ logLevel, message }) => {
      if (LogLevel.isGreaterThanOrEqualTo(logLevel, "Warn")) onWarning([message].flat().map(String).join(" "));
    }),
  ]);

const untilDone = Effect.fnUntraced(function* (
  task: Task,
): Effect.fn.Return<TaskResult, StageFailure | StoreError, ArtifactStore> {
  const { stage } = task;
  const began = performance.now();
  const { values, types } = yield* readInputs(task);
  const config: unknown = Schema.decodeUnknownSync(stage.config)(task.encodedConfig);
  const context = { config, inputs: values, inputDigests: digestsOf(task), seed: task.seed, files: task.files };
  // A stage's needs are not known here: what the caller's context lacks is a defect, told as the stage's failure.
  const outputs: { readonly [port: string]: unknown } = yield* stage.run(context) as Effect.Effect<
    { readonly [port: string]: unknown },
    StageFailure
  >;
  const stored = yield* writeOutputs(stage, outputs, types);
  return { outputs: stored, durationMs: Math.round(performance.now() - began) };
});

const readInputs = Effect.fnUntraced(function* (task: Task) {
  const values: { [port: string]: unknown } = {};
  const types: { [port: string]: AnyArtifactType | undefined } = {};
  for (const [port, given] of Object.entries(task.inputs)) {
    const list = Array.isArray(given) ? given : [given];
    const decoded: Array<unknown> = [];
    for (const { type: label, digest } of list) {
      const type = typeNamed(task.stage.inputs[port]!, label);
      types[port] ??= type;
      decoded.push(yield* readInput(type, digest));
    }
    values[port] = Array.isArray(given) ? decoded : decoded[0];
  }
  return { values, types: types as InputTypes };
});

const readInput = Effect.fnUntraced(function* (type: AnyArtifactType, digest: ContentDigest) {
  const bytes = yield* (yield* ArtifactStore).read(digest);
  return (yield* Effect.promise(() => type.decode(bytes))) as unknown;
});

/** The port's type for what is linked to it, with the variant that was given: an output may be declared the same as it. */
function typeNamed(port: InputPort<unknown>, label: string): AnyArtifactType {
  const [name, variant] = label.split(/[()]/) as [string, string | undefined];
  const fitting = port.types.filter((type) => type.name === name);
  const type = fitting.find((type) => type.variant === variant) ?? fitting[0];
  if (type === undefined) throw new TypeError(`no type of the port is named ${name}`);
  return variant === undefined || type.variant === variant ? type : { ...type, variant };
}

const digestsOf = (task: Task): { readonly [port: string]: ContentDigest | ReadonlyArray<ContentDigest> } =>
  Object.fromEntries(
    Object.entries(task.inputs).map(([port, given]) => [
      port,
      Array.isArray(given)
        ? given.map(({ digest }: { digest: ContentDigest }) => digest)
        : (given as { digest: ContentDigest }).digest,
    ]),
  );

const writeOutputs = Effect.fnUntraced(function* (
  stage: AnyStage,
  outputs: { readonly [port: string]: unknown },
  inputTypes: InputTypes,
) {
  const store = yield* ArtifactStore;
  const stored: { [port: string]: StoredOutput } = {};
  for (const port of Object.keys(stage.outputs)) {
    const type = resolveOutputType(stage.outputs[port]!, inputTypes);
    if (type === undefined || outputs[port] === undefined) {
      return yield* Effect.die(new TypeError(`it gave nothing for its output ${port}`));
    }
    const bytes = yield* Effect.promise(() => type.encode(outputs[port])).pipe(
      Effect.catchDefect((defect) => Effect.die(notOfType(port, typeLabel(type), defect))),
    );
    stored[port] = { digest: yield* store.write(bytes), sizeBytes: bytes.length, type: typeLabel(type) };
  }
  return stored;
});

const notOfType = (port: string, label: string, cause: unknown): TypeError =>
  new TypeError(`its output ${port} is no ${label} (${cause instanceof Error ? cause.message : String(cause)})`, {
    cause,
  });

/** A stage's own mistake fails its step by name and with its place in the code; the run and the worker go on. */
const defectsAsFailures =
  (task: Task) =>
  <A, R>(work: Effect.Effect<A, StageFailure | StoreError, R>): Effect.Effect<A, StageFailure | StoreError, R> =>
    Effect.flatMap(Effect.exit(work), (exit) =>
      Exit.isSuccess(exit) || !Cause.hasDies(exit.cause)
        ? exit
        : failureOfDefect(task.step, task.stage.name, Cause.squash(exit.cause)),
    );

const isOutOfMemory = (defect: unknown): boolean =>
  defect instanceof Error &&
  /array buffer allocation failed|bad_alloc|out of memory|invalid typed array length/i.test(defect.message);

export function failureOfDefect(step: string, stage: string, defect: unknown): StageFailure {
  const reason = defect instanceof Error ? defect.message : String(defect);
  if (isOutOfMemory(defect)) {
    return new StageFailure({
      cause: "out-of-memory",
      message: `${step}: ${stage} ran out of memory (${reason}).`,
      hint: "Make its batches smaller, or run fewer steps at once (--jobs 1).",
    });
  }
  return new StageFailure({
    cause: "stage-error",
    message: `${step}: ${stage} broke on a fault of its own: ${reason}.`,
    hint: "This is a mistake in the stage, not in the pipeline file; the run's log has the place in its code.",
    ...(defect instanceof Error && defect.stack !== undefined ? { trace: defect.stack } : {}),
  });
}
