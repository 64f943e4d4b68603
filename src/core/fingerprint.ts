/**
 * The key of a step: all that decides its outputs, gathered and hashed.
 *
 * What is not here does not decide the outputs: the step's name, its cycle, path names, the machine. Two steps with equal
 * parts share one record, wherever they stand.
 */
import { basename } from "node:path";
import { absentMeaningsOf, dropAbsent } from "./absentMeans.ts";
import type { EngineIdentity, KeyParts } from "./ActionRecord.ts";
import { canonicalJson, type Json } from "./canonicalJson.ts";
import { deviceOf, deviceSetting, parseDevice } from "./device.ts";
import { sha256, type ContentDigest, type Fingerprint } from "./digest.ts";
import type { Link, PathField, Step } from "./Graph.ts";
import type { SourceFile } from "./Stage.ts";

/** Raised when the meaning of the parts changes; every key changes with it. */
export const formatVersion = 1;

/** Config field (dotted where nested) → its files in key order. */
export type FilesByField = { readonly [field: string]: ReadonlyArray<SourceFile> };

/** sha256 of the canonical JSON of the parts. */
export const fingerprintOf = (parts: KeyParts): Fingerprint =>
  // Cast: an interface of plain JSON members has no index signature, which the type Json asks for.
  sha256(canonicalJson(parts as unknown as Json)) as Fingerprint;

export interface KeyFacts {
  readonly inputs: KeyParts["inputs"];
  readonly files: FilesByField;
  readonly engine: EngineIdentity;
}

/** The parts of a step's key, once the digests of its inputs and of its files are known. */
export const keyPartsOf = (step: Step, facts: KeyFacts): KeyParts => ({
  formatVersion,
  stage: keyedStage(step.stage),
  config: keyedConfig(step, facts.files),
  inputs: facts.inputs,
  ...(step.stage.usesEngine ? { engine: engineOf(step, facts.engine) } : {}),
  ...(step.stage.usesSeed ? { seed: step.seed ?? 0 } : {}),
});

/** A stage of ours says by its version when it changed; of one of the user's own the code itself says so. */
const keyedStage = ({ name, version, code }: Step["stage"]): KeyParts["stage"] =>
  code === undefined ? { name, version } : { name, version, code: code.digest, packages: code.packages };

/** The run's engine, on the step's own device where it names one. */
function engineOf(step: Step, engine: EngineIdentity): EngineIdentity {
  const device = parseDevice(deviceOf(step) ?? "");
  return device === undefined ? engine : { ...engine, deviceClass: device.class };
}

/** The config as the key sees it: paths replaced by what they hold, fields that say nothing new left out. */
function keyedConfig(step: Step, files: FilesByField): KeyParts["config"] {
  let config = step.stage.usesEngine ? withoutDevice(step.encodedConfig) : step.encodedConfig;
  for (const [name, fields] of Map.groupBy(step.paths, (each) => each.field)) {
    config = replaceAt(config, name.split("."), { files: keyedFiles(fields, files[name] ?? []) }) as JsonObject;
  }
  return dropAbsent(config, absentMeaningsOf(step.stage));
}

/** Where it computes is told by the engine's part of the key. */
function withoutDevice(config: Step["encodedConfig"]): Step["encodedConfig"] {
  const { [deviceSetting]: _, ...without } = config;
  return without;
}

/**
 * Of files, the contents in order, with base names where the stage says that they matter; of a folder, names always.
 * `fields`: all that share a name (the elements of a list); the stage is given their files in a row, and so is the key.
 */
function keyedFiles(fields: ReadonlyArray<PathField>, files: ReadonlyArray<SourceFile>): ReadonlyArray<Json> {
  if (fields.some(({ kind }) => kind === "folder")) return files.map(({ name, digest }) => ({ name, digest }));
  if (fields.some(({ named }) => named === true))
    return files.map(({ path, digest }) => ({ name: basename(path), digest }));
  return files.map(({ digest }) => digest);
}

type JsonObject = { readonly [field: string]: Json | undefined };

/** Names of fields pass through lists: in a list of objects every element's field is replaced. */
function replaceAt(config: Json, [field, ...rest]: ReadonlyArray<string>, value: Json): Json {
  if (field === undefined) return value;
  if (Array.isArray(config)) return config.map((element: Json) => replaceAt(element, [field, ...rest], value));
  const object = (config ?? {}) as JsonObject;
  return { ...object, [field]: replaceAt(object[field] ?? {}, rest, value) };
}

/** The digests on a step's input ports; undefined while one of them is not known. */
export function inputDigestsOf(
  step: Step,
  digestOf: (link: Link) => ContentDigest | undefined,
): KeyParts["inputs"] | undefined {
  const digests: { [port: string]: ContentDigest | ReadonlyArray<ContentDigest> } = {};
  for (const port of Object.keys(step.inputs)) {
    const value = step.inputs[port]!;
    const found = isList(value) ? allKnown(value.map(digestOf)) : digestOf(value);
    if (found === undefined) return undefined;
    digests[port] = found;
  }
  return digests;
}

const isList = (value: Link | ReadonlyArray<Link>): value is ReadonlyArray<Link> => Array.isArray(value);

const allKnown = (digests: ReadonlyArray<ContentDigest | undefined>): ReadonlyArray<ContentDigest> | undefined =>
  digests.includes(undefined) ? undefined : (digests as ReadonlyArray<ContentDigest>);
