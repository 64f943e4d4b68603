/** Where the data that is not part of the repository lies: beside it. Tests that need it are skipped without. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

/** A path in the shared data; undefined, with a word on the console, where it is not there. */
export function sharedData(name: string): string | undefined {
  const path = `${folder}${name}`;
  if (existsSync(path)) return path;
  console.warn(`skipped: ../shared/data/${name} is not there`);
  return undefined;
}
