/**
 * Where the tensorflow engine is installed, and what is there. It is not part of the default install: `pipeline doctor --install
 * tensorflow` brings it into a folder of its own, written aside and renamed, so that a folder which is there is whole.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineIdentity } from "../../core/ActionRecord.ts";
import { onnxIdentity } from "../identity.ts";

/** What `installed.json` in that folder says. */
export interface InstalledTensorFlow {
  readonly package: "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu";
  /** Of the package. */
  readonly version: string;
  /** Version of the TensorFlow library behind it. */
  readonly tensorflow: string;
  /** Where the library came from: the package's own download, or PyPI's wheel with the addon built here. */
  readonly from: "package" | "pypi";
}

export const installedFile = "installed.json";

/** Names the folder, where it is not that of this package: one for several checkouts, or a read-only installation. */
export const folderVariable = "PIPELINE_TENSORFLOW";

/** The folder that says what to install: `engines/tensorflow` of this package, above the sources as above the bundle. */
export function recipeFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const recipe = join(folder, "engines", "tensorflow");
    if (existsSync(join(recipe, "package.json"))) return recipe;
    if (folder === dirname(folder)) throw new Error("This package has lost its folder engines/tensorflow.");
  }
}

export function tensorFlowFolder(env: { readonly [name: string]: string | undefined } = process.env): string {
  const named = env[folderVariable];
  return named === undefined || named === "" ? join(recipeFolder(), "installed") : named;
}

/** Undefined where nothing is installed. */
export function installedTensorFlow(folder: string): InstalledTensorFlow | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, installedFile), "utf8")) as InstalledTensorFlow;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Numbers depend on the library, so its version is told too: `4.22.0+2.16.2`. */
export const tensorFlowIdentity = ({ version, tensorflow }: InstalledTensorFlow): EngineIdentity => ({
  ...onnxIdentity,
  name: "tensorflow",
  version: `${version}+${tensorflow}`,
});
