/**
 * Loads the bundle of a stage. Packages that it imports are resolved where the stage's own files stand, not where the cache
 * keeps the bundle; this package is the one that runs the stage.
 */
import { realpathSync } from "node:fs";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import type { PackageImport, StageModule } from "../core/StageFile.ts";
import { packageName } from "./ownPackage.ts";

const importsOf = new Map<string, { readonly [specifier: string]: PackageImport }>();
let isHooked = false;

/** @param publicModule URL of what stages import under this package's name. Throws what the module throws. */
export async function importModule(
  { path, imports }: StageModule,
  publicModule: string,
): Promise<{ readonly default?: unknown }> {
  const url = urlOf(path);
  importsOf.set(url, imports);
  if (!isHooked) hookImports(publicModule);
  isHooked = true;
  return (await import(url)) as { readonly default?: unknown };
}

/** As Node names a module: past symbolic links. */
export const urlOf = (path: string): string => pathToFileURL(realpathSync(path)).href;

const hookImports = (publicModule: string) =>
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = context.parentURL === undefined ? undefined : importsOf.get(context.parentURL)?.[specifier];
      if (found === undefined) return next(specifier, context);
      if (found.specifier === packageName) return { url: publicModule, shortCircuit: true };
      return next(found.specifier, { ...context, parentURL: pathToFileURL(found.from).href });
    },
  });
