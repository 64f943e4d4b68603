/** What driver and worker say to each other, checked on both sides: a worker of another version is an error, not a surprise. */
import * as Schema from "effect/Schema";
import { StageFailure, StoreError } from "../../core/errors.ts";
import type { Task } from "../../core/Executor.ts";
import type { StageCode } from "../../core/StageFile.ts";

/** A task without its stage, which each side has by name, or loads: `code` is that of a stage of the user's own. */
export type TaskMessage = Omit<Task, "stage"> & {
  readonly stage: string;
  readonly version: number;
  readonly code?: StageCode;
};

const SourceFileMessage = Schema.Struct({
  name: Schema.String,
  path: Schema.String,
  digest: Schema.String,
  sizeBytes: Schema.Number,
});
const CodeMessage = Schema.Struct({
  file: Schema.String,
  digest: Schema.String,
  packages: Schema.Array(Schema.String),
  module: Schema.Struct({
    path: Schema.String,
    imports: Schema.Record(
      Schema.String,
      Schema.Struct({ specifier: Schema.String, from: Schema.String, package: Schema.String }),
    ),
  }),
});
const InputMessage = Schema.Struct({ type: Schema.String, digest: Schema.String });

export const FromDriver = Schema.Union([
  Schema.Struct({
    kind: Schema.Literal("run"),
    task: Schema.Struct({
      step: Schema.String,
      fingerprint: Schema.String,
      stage: Schema.String,
      version: Schema.Number,
      code: Schema.optionalKey(CodeMessage),
      encodedConfig: Schema.Record(Schema.String, Schema.Unknown),
      seed: Schema.Number,
      device: Schema.optionalKey(Schema.String),
      resources: Schema.optionalKey(
        Schema.Struct({
          cpu: Schema.optionalKey(Schema.Number),
          memoryBytes: Schema.optionalKey(Schema.Number),
          gpu: Schema.optionalKey(Schema.Number),
        }),
      ),
      files: Schema.Record(Schema.String, Schema.Array(SourceFileMessage)),
      inputs: Schema.Record(Schema.String, Schema.Union([InputMessage, Schema.Array(InputMessage)])),
    }),
  }),
  Schema.Struct({ kind: Schema.Literal("interrupt") }),
]);

const Report = Schema.Struct({
  done: Schema.Number,
  total: Schema.Number,
  unit: Schema.String,
  metrics: Schema.optionalKey(Schema.Record(Schema.String, Schema.Number)),
  isResumed: Schema.optionalKey(Schema.Boolean),
});

const Result = Schema.Struct({
  outputs: Schema.Record(
    Schema.String,
    Schema.Struct({ digest: Schema.String, sizeBytes: Schema.Number, type: Schema.String }),
  ),
  durationMs: Schema.Number,
  environment: Schema.optionalKey(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Number]))),
});

export const FromWorker = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("progress"), report: Report }),
  Schema.Struct({ kind: Schema.Literal("warning"), message: Schema.String }),
  Schema.Struct({ kind: Schema.Literal("done"), result: Result }),
  Schema.Struct({ kind: Schema.Literal("failed"), failure: Schema.Union([StageFailure, StoreError]) }),
]);
export type FromWorker = typeof FromWorker.Type;
export type FromDriver = { readonly kind: "run"; readonly task: TaskMessage } | { readonly kind: "interrupt" };

const decodeDriver = Schema.decodeUnknownSync(FromDriver);
const decodeWorker = Schema.decodeUnknownSync(FromWorker);
const encodeWorker = Schema.encodeSync(FromWorker);

/** Throws where the message is none. */
export const readFromDriver = (message: unknown): FromDriver => decodeDriver(message) as FromDriver;
export const readFromWorker = (message: unknown): FromWorker => decodeWorker(message);
/** Failures are classes: they cross as their fields. */
export const writeFromWorker = (message: FromWorker): unknown => encodeWorker(message);
