/**
 * The packages of which a process may have one copy only: this one, which runs the stages, and those of its own packages that it
 * shares with them. Whatever copies are installed beside a stage, it is given these.
 */
import { fileURLToPath } from "node:url";
import { packageOf, type Package } from "./packageOf.ts";

/** The name by which stages import this package. */
export const packageName = "tandem";

/** Two copies of tfjs would each have engines and tensors of their own. */
const shared = /^@tensorflow\/tfjs-core($|\/)/;

/** Undefined for packages that are the stage's own affair. @param version of this package */
export function sharedPackage(specifier: string, version: string): Package | undefined {
  if (specifier === packageName) return { name: packageName, version, manifest: "", isSources: false };
  const here = fileURLToPath(import.meta.url);
  const found = shared.test(specifier) ? packageOf(specifier, here) : undefined;
  return found === undefined ? undefined : { ...found, resolvedFrom: here };
}
