/**
 * The code of a stage, bundled once: what was made of a file is kept in the cache, with what it was made of, and serves as long
 * as all of that is the same. Sources are small, so that they are read and hashed every time rather than trusted by their dates.
 */
import { existsSync, readFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { sha256 } from "../core/digest.ts";
import type { StoreError } from "../core/errors.ts";
import type { PackageImport, StageCode, StageProblem } from "../core/StageFile.ts";
import { bundleModules, importOf, type Bundled } from "./bundleModules.ts";
import { packageName } from "./ownPackage.ts";
import { packageId, packageOf } from "./packageOf.ts";
import { readModules, type ModuleGraph } from "./readModules.ts";

/** Where bundles are kept. `src/store` implements it. */
export interface KeptTexts {
  readonly path: (name: string) => string;
  readonly read: (name: string) => Effect.Effect<string | undefined, StoreError>;
  readonly write: (name: string, text: string) => Effect.Effect<void, StoreError>;
}

export interface CodeHost {
  /** Of this package: what it offers to stages is part of their keys, as any package is. */
  readonly version: string;
  readonly kept: KeptTexts;
}

const Place = Schema.Struct({ file: Schema.String, line: Schema.Number, column: Schema.Number, length: Schema.Number });

const Import = Schema.Struct({ specifier: Schema.String, from: Schema.String, package: Schema.String });

/** What is known of a file that was bundled before. */
const Known = Schema.Struct({
  /** Of this version of ours: another may bundle, or refuse, otherwise. */
  madeBy: Schema.String,
  files: Schema.Record(Schema.String, Schema.String),
  absent: Schema.Array(Schema.String),
  defaultAt: Place,
  hasDefault: Schema.Boolean,
  digest: Schema.String,
  packages: Schema.Array(Schema.String),
  imports: Schema.Record(Schema.String, Import),
  /** Every import of a package, by every file. */
  lookUps: Schema.Array(Import),
  /** sha256 of the bundle's file, by which it is named. */
  module: Schema.String,
});
type Known = typeof Known.Type;

export interface ReadCode {
  readonly code: StageCode;
  /** True once one of the files is no longer what was read. */
  readonly isEdited: () => boolean;
  /** The package that is no longer what was found, in a sentence. */
  readonly moved: () => string | undefined;
  readonly defaultAt: NonNullable<StageProblem["place"]>;
  readonly hasDefault: boolean;
}

export type CodeResult = ReadCode | { readonly problems: ReadonlyArray<StageProblem> };

/** @param file absolute path of a file that is there */
export const stageCodeOf = Effect.fnUntraced(function* (
  file: string,
  { version, kept }: CodeHost,
): Effect.fn.Return<CodeResult, StoreError> {
  const name = `${sha256(file)}.json`;
  const known = decodeKnown(yield* kept.read(name));
  if (known !== undefined && isCurrent(known, version) && isWhole(known, yield* kept.read(`${known.module}.js`)))
    return readCode(file, known, kept);
  const made = yield* Effect.promise(() => bundleFile(file, version));
  if ("problems" in made) return made;
  const { graph, bundled } = made;
  const text = moduleText(file, bundled);
  const module = sha256(text);
  yield* kept.write(`${module}.js.map`, bundled.map);
  yield* kept.write(`${module}.js`, text);
  const now = knownOf(graph, bundled, module, version);
  yield* kept.write(name, JSON.stringify(now));
  return readCode(file, now, kept);
});

/**
 * Equal code at two places may import other packages and has places of its own in messages: it is two modules. A process loads a
 * module of one name once.
 */
const moduleText = (file: string, { code, imports }: Bundled): string =>
  `${code}\n// ${JSON.stringify(file)} ${JSON.stringify(imports)}\n`;

const readCode = (file: string, known: Known, kept: KeptTexts): ReadCode => ({
  code: {
    file,
    digest: known.digest,
    packages: known.packages,
    module: { path: kept.path(`${known.module}.js`), imports: known.imports },
  },
  isEdited: () => !areUnchanged(known.files),
  moved: () => firstMoved(known.lookUps),
  defaultAt: known.defaultAt,
  hasDefault: known.hasDefault,
});

async function bundleFile(
  file: string,
  version: string,
): Promise<
  { readonly graph: ModuleGraph; readonly bundled: Bundled } | { readonly problems: ReadonlyArray<StageProblem> }
> {
  const { parseSync } = await import("rolldown/utils");
  const { ResolverFactory } = await import("rolldown/experimental");
  const resolver = new ResolverFactory({ conditionNames: ["node", "import"], extensions: [], mainFields: ["main"] });
  const graph = readModules(
    file,
    version,
    parseSync,
    (specifier, from) => resolver.resolveFileSync(from, specifier).path,
  );
  if ("problems" in graph) return graph;
  const bundled = await bundleModules(graph);
  return "problems" in bundled ? bundled : { graph, bundled };
}

const knownOf = (graph: ModuleGraph, bundled: Bundled, module: string, version: string): Known => ({
  madeBy: version,
  files: Object.fromEntries(graph.files),
  absent: [...graph.absent],
  defaultAt: graph.defaultAt,
  hasDefault: graph.hasDefault,
  digest: bundled.digest,
  packages: bundled.packages,
  imports: bundled.imports,
  lookUps: lookUpsOf(graph),
  module,
});

const lookUpsOf = (graph: ModuleGraph): ReadonlyArray<PackageImport> =>
  [...graph.modules].flatMap(([from, { imports }]) =>
    [...imports].flatMap(([specifier, resolved]) =>
      resolved.kind === "package" ? [importOf(specifier, from, resolved.found)] : [],
    ),
  );

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Known));

/** A torn or foreign text is nothing known. */
function decodeKnown(text: string | undefined): Known | undefined {
  const known = decode(text);
  return known._tag === "Some" ? known.value : undefined;
}

const isCurrent = ({ madeBy, files, absent, lookUps }: Known, version: string): boolean =>
  madeBy === version &&
  areUnchanged(files) &&
  !absent.some((path) => existsSync(path)) &&
  firstMoved(lookUps) === undefined;

const areUnchanged = (files: Known["files"]): boolean =>
  Object.entries(files).every(([path, digest]) => digestOfFile(path) === digest);

const isWhole = ({ module }: Known, code: string | undefined): boolean => code !== undefined && sha256(code) === module;

function digestOfFile(path: string): string | undefined {
  try {
    return sha256(readFileSync(path, "utf8"));
  } catch {
    return undefined; // it is no longer there
  }
}

const firstMoved = (lookUps: ReadonlyArray<PackageImport>): string | undefined =>
  lookUps.map(movedPackage).find((sentence) => sentence !== undefined);

/** Says that the import no longer means the package it meant, in a sentence; undefined while it does. */
function movedPackage({ specifier, from, package: before }: PackageImport): string | undefined {
  if (specifier === packageName) return undefined;
  const found = packageOf(specifier, from);
  const now = found === undefined ? "is not there" : packageId(found);
  return now === before
    ? undefined
    : `package ${specifier} (${before}) changed (now it ${found === undefined ? now : `is ${now}`})`;
}
