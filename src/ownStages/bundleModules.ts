/**
 * One module of a stage's files, packages left out, and the digest that stands for it in keys.
 *
 * The digest is that of the bundle printed anew without comments, blanks, types and the names of local variables, so that
 * neither where the files lie nor how they are called or laid out is in it. What runs is the readable bundle, with its map.
 */
import { dirname, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { OutputChunk } from "rolldown";
import { sha256 } from "../core/digest.ts";
import type { PackageImport, StageProblem } from "../core/StageFile.ts";
import { packageId, type Package } from "./packageOf.ts";
import { placeAt } from "./placeAt.ts";
import type { ModuleGraph } from "./readModules.ts";

export interface Bundled {
  readonly code: string;
  /** Source map, version 3, whose sources are absolute paths. */
  readonly map: string;
  readonly digest: string;
  /** Sorted `name@version` of what the bundle imports. */
  readonly packages: ReadonlyArray<string>;
  readonly imports: { readonly [specifier: string]: PackageImport };
}

export async function bundleModules(
  graph: ModuleGraph,
): Promise<Bundled | { readonly problems: ReadonlyArray<StageProblem> }> {
  const externals = new Externals();
  try {
    const chunk = await bundle(graph, externals);
    const imports = externals.of([...chunk.imports, ...chunk.dynamicImports]);
    const packages = [...new Set(Object.values(imports).map((each) => each.package))].sort();
    return { code: chunk.code, map: mapOf(chunk), digest: await digestOf(chunk.code), packages, imports };
  } catch (error) {
    return { problems: problemsOf(error, graph) };
  }
}

/** From memory: what was read and hashed is what is bundled. */
async function bundle(graph: ModuleGraph, externals: Externals): Promise<OutputChunk> {
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({
    input: graph.entry,
    cwd: dirname(graph.entry),
    platform: "node",
    tsconfig: false,
    logLevel: "silent",
    plugins: [
      {
        name: "stage",
        resolveId: (specifier, importer) => {
          if (importer === undefined) return specifier;
          if (!graph.modules.has(importer)) return undefined; // the bundler's own helpers
          const resolved = graph.modules.get(importer)!.imports.get(specifier);
          if (resolved?.kind === "module") return resolved.path;
          if (resolved?.kind === "builtin") return { id: builtinId(specifier), external: true };
          if (resolved === undefined) throw new Error(`${specifier} is loaded by require(); import it instead`);
          return { id: externals.idOf(specifier, importer, resolved.found), external: true };
        },
        load: (id) => graph.modules.get(id)?.text,
      },
    ],
  });
  try {
    const { output } = await bundle.generate({
      format: "esm",
      codeSplitting: false,
      sourcemap: "hidden",
      sourcemapPathTransform: (source, map) => resolve(dirname(map), source),
    });
    return output[0];
  } finally {
    await bundle.close();
  }
}

const builtinId = (specifier: string): string => (specifier.startsWith("node:") ? specifier : `node:${specifier}`);

export const importOf = (specifier: string, from: string, found: Package): PackageImport => ({
  specifier,
  from: found.resolvedFrom ?? from,
  package: packageId(found),
});

/** Names of imports that stay: as written, but for one that means another package in another file. */
class Externals {
  private readonly byId = new Map<string, PackageImport & { readonly manifest: string }>();

  idOf(specifier: string, from: string, found: Package): string {
    const taken = this.byId.get(specifier);
    const id =
      taken === undefined || taken.manifest === found.manifest ? specifier : `${specifier}#${packageId(found)}`;
    if (!this.byId.has(id)) this.byId.set(id, { ...importOf(specifier, from, found), manifest: found.manifest });
    return id;
  }

  of(ids: ReadonlyArray<string>): { readonly [specifier: string]: PackageImport } {
    const used = ids.toSorted().flatMap((id) => {
      const { manifest: _, ...known } = this.byId.get(id) ?? { manifest: undefined };
      return "from" in known ? [[id, known] as const] : [];
    });
    return Object.fromEntries(used);
  }
}

/** Without blanks, comments and the names of variables; those of functions and classes stay, since code can ask for them. */
async function digestOf(code: string): Promise<string> {
  const { minifySync } = await import("rolldown/utils");
  const { code: bare } = minifySync("stage.js", code, {
    module: true,
    compress: false,
    mangle: { toplevel: true, keepNames: true },
    codegen: { removeWhitespace: true, legalComments: "none" },
  });
  return sha256(bare);
}

function mapOf({ map }: OutputChunk): string {
  return map?.toString() ?? "";
}

/** What the bundler says of an import that the other file does not export, and the like. */
function problemsOf(error: unknown, graph: ModuleGraph): ReadonlyArray<StageProblem> {
  const { errors = [error] } = error as { readonly errors?: ReadonlyArray<unknown> };
  return errors.map((each) => {
    const { message, id, pos, loc } = each as BundlerError;
    const file = loc?.file ?? id;
    const text = file === undefined ? undefined : graph.modules.get(file)?.text;
    const [first = ""] = stripVTControlCharacters(message).split("\n");
    const sentence = first.replace(/^\[[A-Z_]+\] (Error: )?/, "");
    if (file === undefined || text === undefined)
      return { message: `does not load: ${sentence}`, place: graph.defaultAt };
    const place =
      pos === undefined
        ? { file, line: loc?.line ?? 1, column: (loc?.column ?? 0) + 1, length: 1 }
        : placeAt(file, text, pos, pos + 1);
    return { message: `does not load: ${sentence}`, place };
  });
}

interface BundlerError {
  readonly message: string;
  readonly id?: string;
  readonly pos?: number;
  readonly loc?: { readonly file?: string; readonly line: number; readonly column: number };
}
