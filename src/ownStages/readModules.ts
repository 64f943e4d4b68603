/**
 * The files of a stage: the one that `uses` names and all that it imports, packages apart. They are read once; what is bundled,
 * hashed and run is that text. Everything that would let code or data in past the key is refused here, with its place.
 */
import { readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../core/digest.ts";
import type { StageProblem } from "../core/StageFile.ts";
import { quoted } from "../core/suggest.ts";
import type { Package } from "./packageOf.ts";
import { packageOf } from "./packageOf.ts";
import { packageName, sharedPackage } from "./ownPackage.ts";
import { importsOf, type ParseModule } from "./importsOf.ts";
import { placeAt } from "./placeAt.ts";

export type Resolved =
  | { readonly kind: "module"; readonly path: string }
  | { readonly kind: "builtin" }
  | { readonly kind: "package"; readonly found: Package };

export interface SourceModule {
  readonly path: string;
  readonly text: string;
  /** Import as written → what it means. */
  readonly imports: ReadonlyMap<string, Resolved>;
}

export interface ModuleGraph {
  readonly entry: string;
  readonly modules: ReadonlyMap<string, SourceModule>;
  /** All files that were read, package.json files of sources included, with the sha256 of their text. */
  readonly files: ReadonlyMap<string, string>;
  /** Files that were looked for in vain, and would be taken if they were there. */
  readonly absent: ReadonlySet<string>;
  /** Where the entry says `export default`; its beginning where it does not. */
  readonly defaultAt: NonNullable<StageProblem["place"]>;
  readonly hasDefault: boolean;
}

/** `resolvePackage` answers for sources that are imported by a package's name. */
export type ResolveSources = (specifier: string, from: string) => string | undefined;

export type Modules = ModuleGraph | { readonly problems: ReadonlyArray<StageProblem> };

/**
 * @param version of this package
 * @throws the system's error where the entry cannot be read; of all others that is a problem with its place
 */
export function readModules(
  entry: string,
  version: string,
  parse: ParseModule,
  resolveSources: ResolveSources,
): Modules {
  const reading = new ModuleReading(version, parse, resolveSources);
  reading.take(entry, readFileSync(entry, "utf8"));
  for (const path of reading.modules.keys()) {
    const before = reading.problems.length;
    reading.follow(path);
    reading.problems.push(...reading.problems.splice(before).sort(byPlace));
  }
  if (reading.problems.length > 0) return { problems: reading.problems };
  const { modules, files, absent } = reading;
  const { text } = modules.get(entry)!;
  const defaultAt = reading.defaults.get(entry);
  const start = defaultAt?.start ?? 0;
  return {
    entry,
    modules,
    files,
    absent,
    defaultAt: placeAt(entry, text, start, start + (defaultAt === undefined ? 1 : "export default".length)),
    hasDefault: defaultAt !== undefined,
  };
}

const byPlace = ({ place: a }: StageProblem, { place: b }: StageProblem): number =>
  a === undefined || b === undefined ? 0 : a.line - b.line || a.column - b.column;

/** What makes code depend on more than its text. */
const refusals = {
  computed: {
    message: "imports what is only known when it runs: that code would not be in the key",
    hint: 'name the module literally: import("./one.ts")',
  },
  meta: {
    message: "uses `import.meta`, which differs from place to place",
    hint: "a file that the stage reads is a setting declared with path(): its content is then in the key",
  },
  createRequire: {
    message: "loads modules past its imports, by `createRequire`: that code would not be in the key",
    hint: 'import the module instead; JSON too can be imported: import words from "./words.json" with { type: "json" }',
  },
} as const;

class ModuleReading {
  readonly modules = new Map<string, SourceModule & { readonly imports: Map<string, Resolved> }>();
  readonly files = new Map<string, string>();
  readonly absent = new Set<string>();
  readonly problems: Array<StageProblem> = [];
  readonly defaults = new Map<string, { readonly start: number; readonly end: number }>();
  private readonly version: string;
  private readonly parse: ParseModule;
  private readonly resolveSources: ResolveSources;

  constructor(version: string, parse: ParseModule, resolveSources: ResolveSources) {
    this.version = version;
    this.parse = parse;
    this.resolveSources = resolveSources;
  }

  take(path: string, text: string): void {
    this.files.set(path, sha256(text));
    this.modules.set(path, { path, text, imports: new Map() });
  }

  /** Reads the imports of a module and takes those that are files; a map that grows while it is walked is walked to its end. */
  follow(path: string): void {
    const { text, imports } = this.modules.get(path)!;
    if (extname(path) === ".json") return this.checkJson(path, text);
    const found = importsOf(path, text, this.parse);
    for (const { message, start, end } of found.errors)
      this.problem(path, start, end, `is no valid source: ${message}`);
    for (const { kind, start, end } of found.refused)
      this.problem(path, start, end, refusals[kind].message, refusals[kind].hint);
    if (found.defaultExport !== undefined) this.defaults.set(path, found.defaultExport);
    for (const { specifier, start, end } of found.imports) {
      if (imports.has(specifier)) continue;
      const resolved = this.resolve(specifier, path);
      if (typeof resolved === "string") this.problem(path, start, end, `imports ${quoted(specifier)}, ${resolved}`);
      else imports.set(specifier, resolved);
    }
  }

  private checkJson(path: string, text: string): void {
    try {
      JSON.parse(text);
    } catch (error) {
      this.problem(path, 0, 1, `is no JSON: ${(error as Error).message}`);
    }
  }

  /** What an import means, or the end of a sentence that says why it means nothing. */
  private resolve(specifier: string, from: string): Resolved | string {
    if (isBuiltin(specifier)) return { kind: "builtin" };
    if (/^\.{0,2}\/|^file:/.test(specifier)) return this.resolveFile(specifier, from);
    if (/^[a-z]+:/.test(specifier)) return "which is neither a file nor a package";
    const shared = sharedPackage(specifier, this.version);
    if (shared !== undefined) return { kind: "package", found: shared };
    if (/^effect($|\/)/.test(specifier))
      return `of which there may be one copy only: import { Effect, Schema } from "${packageName}"`;
    const found = packageOf(specifier, from);
    if (found !== undefined && !found.isSources && !specifier.startsWith("#")) return { kind: "package", found };
    return this.takeSources(specifier, from, found);
  }

  private resolveFile(specifier: string, from: string): Resolved | string {
    const exact = specifier.startsWith("file:") ? fileURLToPath(specifier) : resolve(dirname(from), specifier);
    for (const path of [exact, ...twinOf(exact)]) {
      if (isFile(path)) return this.takeFile(path);
      this.absent.add(path);
    }
    const likely = [".ts", ".mts", ".js", ".mjs", ".json", "/index.ts", "/index.js"].find((end) => isFile(exact + end));
    return likely === undefined
      ? "and there is no such file"
      : `and there is no such file: an import names its file in full, ${quoted(`${specifier}${likely}`)}`;
  }

  /** Sources of a workspace, or a `#name` of the package's own `imports`: bundled, since no version tells of their changes. */
  private takeSources(specifier: string, from: string, found: Package | undefined): Resolved | string {
    const path = this.resolveSources(specifier, from);
    if (path === undefined) return "and there is no such package here";
    const manifest = found?.manifest ?? packageOf("..", from)?.manifest;
    if (manifest !== undefined) this.files.set(manifest, sha256(readFileSync(manifest, "utf8")));
    return this.takeFile(path);
  }

  private takeFile(path: string): Resolved | string {
    if (![".ts", ".mts", ".js", ".mjs", ".json"].includes(extname(path)))
      return "which is no module: a stage is made of .ts, .mts, .js, .mjs and .json";
    try {
      if (!this.modules.has(path)) this.take(path, readFileSync(path, "utf8"));
    } catch (error) {
      return `which cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    }
    return { kind: "module", path };
  }

  private problem(path: string, start: number, end: number, message: string, hint?: string): void {
    const where = this.modules.size > 1 && path !== [...this.modules.keys()][0] ? `${basename(path)} ` : "";
    const sentence = where === "" ? message : `does not load: ${where}${message}`;
    this.problems.push({ message: sentence, hint, place: placeAt(path, this.modules.get(path)!.text, start, end) });
  }
}

/** TypeScript's own convention: `./a.js` in a source means what `./a.ts` becomes. */
const twinOf = (path: string): ReadonlyArray<string> => (/\.m?js$/.test(path) ? [path.replace(/js$/, "ts")] : []);

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
