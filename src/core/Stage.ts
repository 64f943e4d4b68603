/**
 * A stage: a kind of work, defined once and used by any number of steps. `stages/` holds one per file.
 *
 * A stage's file must stay light to import (no tensors, no Arrow, no onnxruntime at the top): `plan` and a run with nothing
 * to do load every stage and run none. `run` brings what it needs by `import()`.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Schema from "effect/Schema";
import type { ContentDigest } from "./digest.ts";
import type { InputPort, OutputPort } from "./ArtifactType.ts";
import { DeviceField, deviceSetting } from "./device.ts";
import type { StageFailure } from "./errors.ts";
import type { StageCode } from "./StageFile.ts";

/** What a running step tells while it works; the driver turns it into `step.progress` events. */
export interface ProgressReport {
  readonly done: number;
  readonly total: number;
  /** The unit of `done` and `total`: `steps`, `pairs`, `sentences`. */
  readonly unit: string;
  /** Numbers worth seeing now: `loss`, `learningRate`, `tokensPerSecond`. */
  readonly metrics?: { readonly [name: string]: number };
  /** The first report of a step that goes on from a checkpoint: `done` is where. */
  readonly isResumed?: boolean;
}

/** Progress out, interruption in. A long-running stage reports often (the service throttles) and stops when asked to. */
export class Progress extends Context.Service<
  Progress,
  {
    readonly report: (report: ProgressReport) => void;
    /** True once the driver wants the step to end after the batch in hand. */
    readonly isInterrupted: () => boolean;
  }
>()("tandem/core/Stage/Progress") {}

/** A file that a `path()` field of the config names, as hashed when the run began. `name` is relative to the field's root. */
export interface SourceFile {
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface StageContext<Config, Inputs> {
  readonly config: Config;
  readonly inputs: Inputs;
  /** Digest of each input artifact (of a list port, of each element), for artifacts that refer to others (`Gold` to its `Pairs`). */
  readonly inputDigests: { readonly [port: string]: ContentDigest | ReadonlyArray<ContentDigest> };
  /** Only where `usesSeed`; otherwise 0, and not in the key. Derive streams from (seed, stage, site) with `training/random`. */
  readonly seed: number;
  /** Config field (dotted where nested) → its files in key order. Read these, never the path as written. */
  readonly files: { readonly [field: string]: ReadonlyArray<SourceFile> };
}

export interface OwnCode extends StageCode {
  /** The package that is no longer what the key says, in a sentence; undefined while all of them are. */
  readonly moved: () => string | undefined;
  /** True once the files differ from the code that was read, and runs. */
  readonly isEdited: () => boolean;
}

type InputValue<Port> = Port extends InputPort<infer A> ? A : never;

/** What is linked to each port; optional ports may be absent. */
export type InputValues<I> = {
  readonly [K in keyof I as undefined extends InputValue<I[K]> ? never : K]: InputValue<I[K]>;
} & { readonly [K in keyof I as undefined extends InputValue<I[K]> ? K : never]?: InputValue<I[K]> };
export type OutputValues<O> = { readonly [K in keyof O]: O[K] extends OutputPort<infer A> ? A : never };

export interface Stage<Config, I extends InputPorts, O extends OutputPorts, R> {
  readonly name: string;
  /** Raised when the outputs for the same config and inputs change. */
  readonly version: number;
  /** One or two sentences for `pipeline stages`. */
  readonly description: string;
  readonly config: Schema.Codec<Config, unknown, never, never>;
  readonly inputs: I;
  /** The first one named is the main port, taken where a link names only the step. */
  readonly outputs: O;
  /** True where the outputs depend on the seed. */
  readonly usesSeed: boolean;
  /** True where the numbers depend on the engine; its identity then enters the key. */
  readonly usesEngine: boolean;
  /** `driver`: cheap, runs inside the driver. `worker`: in a process of its own, with all cores unless told otherwise. */
  readonly runsIn: "driver" | "worker";
  /** Of a stage of the user's own, whose code is part of the key. */
  readonly code?: OwnCode;
  /** What it logs by `Effect.logWarning` becomes a `step.warning`; what it logs below that is not shown. */
  readonly run: (context: StageContext<Config, ValuesOf<I>>) => Effect.Effect<OutputValues<O>, StageFailure, R>;
}

// oxlint-disable typescript/no-explicit-any -- ports of every type in one record; defineStage infers the precise ones
/** Of a stage whose ports are not known, anything. */
type ValuesOf<I> = 0 extends 1 & I ? any : InputValues<I>;
export type InputPorts = { readonly [port: string]: InputPort<any> };
export type OutputPorts = { readonly [port: string]: OutputPort<any> };
export type AnyStage = Stage<any, any, any, any>;
// oxlint-enable typescript/no-explicit-any

interface StageDefinition<Config, I extends InputPorts, O extends OutputPorts, R> extends Omit<
  Stage<Config, I, O, R>,
  "usesSeed" | "usesEngine" | "runsIn"
> {
  readonly usesSeed?: boolean;
  readonly usesEngine?: boolean;
  readonly runsIn?: "driver" | "worker";
}

/** Defines a stage; the flags left out are false, and it runs in the driver. One that uses the engine has the setting `device` too. */
export const defineStage = <Config, I extends InputPorts, O extends OutputPorts, R = never>(
  definition: StageDefinition<Config, I, O, R>,
): Stage<Config, I, O, R> => ({
  usesSeed: false,
  usesEngine: false,
  runsIn: "driver",
  ...definition,
  config: definition.usesEngine === true ? withDevice(definition) : definition.config,
});

/** The config with the setting `device`, which is for the executor: `run` is not concerned with it. */
function withDevice<Config>({
  name,
  config,
}: Pick<Stage<Config, InputPorts, OutputPorts, unknown>, "name" | "config">): typeof config {
  // Cast: a codec's type does not tell whether it is a struct.
  const struct = config as unknown as Partial<Schema.Struct<Schema.Struct.Fields>>;
  if (struct.mapFields === undefined)
    throw new TypeError(`The config of stage ${name}, which uses the engine, has to be a Schema.Struct.`);
  const extended = struct.mapFields((fields) => ({ ...fields, [deviceSetting]: DeviceField }), {
    unsafePreserveChecks: true, // they see the fields that they know, unchanged
  });
  return extended as unknown as typeof config;
}

export const mainPort = (stage: AnyStage): string => Object.keys(stage.outputs)[0]!;
