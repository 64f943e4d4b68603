/**
 * Which files of a model are wanted, and which were asked for when a folder was made: a stage that reads more of it than another
 * did before finds the folder wanting.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PathField } from "../../core/Graph.ts";
import type { FolderChoice } from "../../core/path.ts";

/** All of `files` that the hub has, and of each choice the first form that it has. */
export interface WantedFiles {
  readonly files: ReadonlyArray<string>;
  readonly choices: ReadonlyArray<FolderChoice>;
}

export const wantedBy = ({ only = [], firstOf = [] }: PathField): WantedFiles => ({ files: only, choices: firstOf });

/** In a downloaded folder: the names asked for, whether the hub had them or not. */
export const askedFile = ".asked.json";

const namesOf = ({ files, choices }: WantedFiles): ReadonlyArray<string> => [...files, ...choices.flat(2)];

/** What the file says once `wanted` has been brought, in addition to what it said. */
export const askedText = (folder: string, wanted: WantedFiles): string =>
  `${JSON.stringify([...new Set([...askedFor(folder), ...namesOf(wanted)])].sort())}\n`;

/** Whether the folder is there with all that is wanted of it. */
export function hasAll(folder: string, wanted: WantedFiles): boolean {
  const asked = new Set(askedFor(folder));
  return asked.size > 0 && namesOf(wanted).every((name) => asked.has(name));
}

function askedFor(folder: string): ReadonlyArray<string> {
  try {
    return JSON.parse(readFileSync(join(folder, askedFile), "utf8")) as ReadonlyArray<string>;
  } catch {
    return [];
  }
}
