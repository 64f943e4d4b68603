/** Runs one stage as a worker would, without a store: config as YAML has it, inputs as values, digests made from their bytes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import type { StageFailure } from "../../src/core/errors.ts";
import { artifactTypes } from "../../src/artifact/index.ts";
import type { AnyArtifactType, InputPort } from "../../src/core/ArtifactType.ts";
import { contentDigest } from "../../src/core/digest.ts";
import { Progress, type ProgressReport, type SourceFile, type Stage } from "../../src/core/Stage.ts";
import { Engine } from "../../src/engine/Engine.ts";
import { modelSelection } from "../../src/model/modelFolder.ts";
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";

interface Given {
  readonly config?: unknown;
  /** Port → the name of its type and the value; of a list port the list of values. */
  readonly inputs?: { readonly [port: string]: readonly [type: keyof typeof artifactTypes, value: unknown] };
  readonly files?: { readonly [field: string]: ReadonlyArray<SourceFile> };
  readonly seed?: number;
  readonly reports?: Array<ProgressReport>;
  readonly isInterrupted?: () => boolean;
  readonly engine?: Layer.Layer<Engine>;
}

type Digest = ReturnType<typeof contentDigest>;

type OutputsOf<S> = S extends { readonly run: (context: never) => Effect.Effect<infer Outputs, infer _E, infer _R> }
  ? Outputs
  : never;

// oxlint-disable-next-line typescript/no-explicit-any -- any stage of the list
type SomeStage = Stage<any, any, any, any>;

const run = <S extends SomeStage>(stage: S, given: Given) =>
  Effect.gen(function* () {
    const inputs: { [port: string]: unknown } = {};
    const inputDigests: { [port: string]: Digest | ReadonlyArray<Digest> } = {};
    for (const [port, [typeName, value]] of Object.entries(given.inputs ?? {})) {
      const type: AnyArtifactType = artifactTypes[typeName];
      const wanted = (stage.inputs as { readonly [port: string]: InputPort<unknown> })[port];
      if (wanted?.types.every((other) => other.name !== type.name) !== false)
        throw new Error(`${stage.name} takes no ${typeName} on ${port}`);
      inputs[port] = value;
      const digestOf = (each: unknown) =>
        Effect.map(
          Effect.promise(() => type.encode(each)),
          contentDigest,
        );
      inputDigests[port] =
        wanted?.list === true
          ? yield* Effect.forEach(value as ReadonlyArray<unknown>, digestOf) // cast: what a list port is given
          : yield* digestOf(value);
    }
    const config: unknown = yield* Schema.decodeUnknownEffect(stage.config)(given.config ?? {}).pipe(Effect.orDie);
    const context = { config, inputs, inputDigests, seed: given.seed ?? 1, files: given.files ?? {} };
    return (yield* stage.run(context)) as OutputsOf<S>;
  }).pipe(
    Effect.provideService(Progress, {
      report: (report) => void given.reports?.push(report),
      isInterrupted: given.isInterrupted ?? (() => false),
    }),
  ) as Effect.Effect<OutputsOf<S>, StageFailure, Engine>;

const withEngine = <A, E>(effect: Effect.Effect<A, E, Engine>, engine: Layer.Layer<Engine> | undefined) =>
  engine === undefined ? Effect.provideService(effect, Engine, new CpuEngine()) : Effect.provide(effect, engine);

/** The stage's outputs; rejects with what it fails with. */
export const runStage = <S extends SomeStage>(stage: S, given: Given): Promise<OutputsOf<S>> =>
  Effect.runPromise(withEngine(run(stage, given), given.engine));

/** The failure of a stage that must fail. */
export const stageFailure = (stage: SomeStage, given: Given): Promise<StageFailure> =>
  Effect.runPromise(Effect.flip(withEngine(run(stage, given), given.engine)));

/** A file as a stage is handed it. */
export const sourceFile = (path: string, name = path.split("/").at(-1)!): SourceFile => ({
  name,
  path,
  digest: "",
  sizeBytes: 0,
});

/** The files of a model folder as `load-model` is handed them: of those it asks for the ones that are there. */
export const modelFiles = (folder: string): ReadonlyArray<SourceFile> =>
  [...modelSelection.files, "tokenizer.json", "tokenizer_config.json", "model.safetensors"]
    .filter((name) => existsSync(join(folder, name)))
    .map((name) => sourceFile(join(folder, name), name));
