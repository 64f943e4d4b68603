/** Which package a bare import means, seen from the file that imports it. */
import { readFileSync, realpathSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { sep } from "node:path";
import { pathToFileURL } from "node:url";

export interface Package {
  readonly name: string;
  readonly version: string;
  /** Absolute path of its package.json, past symbolic links. */
  readonly manifest: string;
  /** True where it is no installed package but somebody's sources: of a workspace, or linked. They change without a version. */
  readonly isSources: boolean;
  /** The file where it was looked up, where that is not the one that imports it. */
  readonly resolvedFrom?: string;
}

/** `name@version`. */
export const packageId = ({ name, version }: Package): string => `${name}@${version}`;

/** Undefined where there is no such package. @param from absolute path of the importing file */
export function packageOf(specifier: string, from: string): Package | undefined {
  try {
    const found = findPackageJSON(specifier, pathToFileURL(from));
    if (found === undefined) return undefined;
    const manifest = realpathSync(found);
    const { name, version = "0.0.0" } = JSON.parse(readFileSync(manifest, "utf8")) as {
      name: string;
      version?: string;
    };
    return { name, version, manifest, isSources: !manifest.includes(`${sep}node_modules${sep}`) };
  } catch {
    return undefined; // not there, or what is there is no package
  }
}
