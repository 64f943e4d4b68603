/** What differs between two keys, value by value: the material of `plan` and `why`. */
import { absentMeaningsOf, type AbsentMeanings } from "./absentMeans.ts";
import type { ActionRecord, KeyParts } from "./ActionRecord.ts";
import { canonicalJson, type Json } from "./canonicalJson.ts";
import type { FilesByField } from "./fingerprint.ts";
import type { Step } from "./Graph.ts";

/**
 * `stage`: its version, or the stage itself; `format`: the format of keys; `output`: the record is there but a blob of it is lost;
 * `force`: asked to run again; `download`: what the field names is elsewhere, and the key is not known before it is here;
 * `decision`: that step says "stop", or (null) it has yet to say whether the loop goes on.
 */
export type Part =
  "stage" | "config" | "input" | "engine" | "seed" | "file" | "format" | "output" | "force" | "download" | "decision";

export interface Difference {
  readonly part: Part;
  /** `learningRate`, `model`, `data/pairs.tsv`: which value of that part. */
  readonly path: string;
  /** The earlier value; null where there was none. */
  readonly from: Json;
  /** The value now; null where there is none, or it is not known before an earlier step has run. */
  readonly to: Json;
}

/** The key of a step now; `inputs` holds null for what is not known yet. */
export interface CurrentParts extends Omit<KeyParts, "inputs"> {
  readonly inputs: { readonly [port: string]: string | null | ReadonlyArray<string | null> };
}

/** Every value in which the step's key now differs from an earlier record. */
export function differencesFrom(
  earlier: ActionRecord,
  now: CurrentParts,
  step: Step,
  files: FilesByField,
): ReadonlyArray<Difference> {
  const before = earlier.parts;
  const pathFields = new Set(step.paths.map((field) => field.field));
  const isFile = (path: string) => pathFields.has(path);
  const found: Array<Difference> = [];
  const compare = (part: Part, path: string, from: Json | undefined, to: Json | undefined) => {
    if (!isSame(from, to)) found.push({ part, path, from: from ?? null, to: to ?? null });
  };
  compare("format", "formatVersion", before.formatVersion, now.formatVersion);
  compare("stage", "name", before.stage.name, now.stage.name);
  compare("stage", "version", before.stage.version, now.stage.version);
  compare("stage", "code", before.stage.code, now.stage.code);
  found.push(...packageDifferences(before.stage.packages ?? [], now.stage.packages ?? []));
  const meanings = absentMeaningsOf(step.stage);
  for (const [path, from, to] of leaves("", before.config, now.config, isFile)) {
    if (!isFile(path)) compare("config", path, from ?? meaning(meanings, path), to ?? meaning(meanings, path));
  }
  for (const field of pathFields)
    found.push(...fileDifferences(earlier.provenance.files[field] ?? [], files[field] ?? []));
  for (const port of union(before.inputs, now.inputs)) found.push(...inputDifferences(port, before.inputs, now.inputs));
  for (const [path, from, to] of leaves("", toJson(before.engine), toJson(now.engine), never)) {
    compare("engine", path, from, to);
  }
  compare("seed", "seed", before.seed, now.seed);
  return found;
}

/** By name: `stage package lodash: 4.17.20 → 4.17.21`. A package may be there in two versions. */
function packageDifferences(before: ReadonlyArray<string>, now: ReadonlyArray<string>): ReadonlyArray<Difference> {
  const [earlier, current] = [versionsByName(before), versionsByName(now)];
  return [...new Set([...earlier.keys(), ...current.keys()])].sort().flatMap((name) => {
    const [from, to] = [earlier.get(name) ?? null, current.get(name) ?? null];
    return from === to ? [] : [{ part: "stage" as const, path: `package ${name}`, from, to }];
  });
}

const nameOf = (id: string): string => id.slice(0, id.lastIndexOf("@"));

function versionsByName(packages: ReadonlyArray<string>): ReadonlyMap<string, string> {
  const byName = Map.groupBy(packages, nameOf);
  return new Map([...byName].map(([name, ids]) => [name, ids.map((id) => id.slice(name.length + 1)).join(", ")]));
}

const never = () => false;
const toJson = (value: object | undefined): Json => (value ?? {}) as Json;
const meaning = (meanings: AbsentMeanings, path: string): Json | undefined => meanings.get(path);

const isSame = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b));

const union = (a: object, b: object): ReadonlyArray<string> => [...new Set([...Object.keys(a), ...Object.keys(b)])];

type Leaf = readonly [path: string, from: Json | undefined, to: Json | undefined];

/** Pairs of values at each path where at least one side has one; lists are compared as a whole. */
function leaves(
  at: string,
  from: Json | undefined,
  to: Json | undefined,
  isLeaf: (path: string) => boolean,
): ReadonlyArray<Leaf> {
  if (isLeaf(at) || !(isObject(from) || isObject(to))) return [[at, from, to]];
  const [a, b] = [isObject(from) ? from : {}, isObject(to) ? to : {}];
  return union(a, b).flatMap((key) => leaves(at === "" ? key : `${at}.${key}`, a[key], b[key], isLeaf));
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json | undefined } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

type KeyInputs = CurrentParts["inputs"];

function inputDifferences(port: string, before: KeyInputs, now: KeyInputs): ReadonlyArray<Difference> {
  const [from, to] = [before[port], now[port]];
  if (!Array.isArray(from) && !Array.isArray(to)) return oneInput(port, from as string, to as string | null);
  const [a, b] = [(from ?? []) as ReadonlyArray<string>, (to ?? []) as ReadonlyArray<string | null>];
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) => oneInput(`${port}[${i}]`, a[i], b[i])).flat();
}

/** An unknown digest counts as a difference: whatever it turns out to be, the step upstream of it has to run first. */
const oneInput = (path: string, from: string | undefined, to: string | null | undefined): ReadonlyArray<Difference> =>
  from === to && to !== undefined ? [] : [{ part: "input", path, from: from ?? null, to: to ?? null }];

type NamedDigest = { readonly path: string; readonly digest: string };

/** By path where the path was there before; a moved file with the same content at the same place is no difference. */
function fileDifferences(
  before: ReadonlyArray<NamedDigest>,
  now: ReadonlyArray<NamedDigest>,
): ReadonlyArray<Difference> {
  if (before.length === now.length && before.every((file, i) => file.digest === now[i]!.digest)) return [];
  const earlier = new Map(before.map((file) => [file.path, file.digest]));
  const current = new Map(now.map((file) => [file.path, file.digest]));
  const found: Array<Difference> = [];
  for (const path of [...new Set([...earlier.keys(), ...current.keys()])].sort()) {
    const [from, to] = [earlier.get(path) ?? null, current.get(path) ?? null];
    if (from !== to) found.push({ part: "file", path, from, to });
  }
  return found;
}
