/** From a `path()` field to the files it names, in code-unit order of their names, which is the order of the key. */
import { globSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { PathField } from "../core/Graph.ts";

export interface NamedFile {
  /** Relative to the fixed part of the pattern, or to the folder. */
  readonly name: string;
  readonly path: string;
}

/** Why a pattern names nothing. */
export type Nothing = "not there" | "a folder" | "a file" | "no match" | "empty folder";

const magic = /[*?[\]{}]/;

/** Follows symbolic links; leaves out hidden files, as a shell does. Throws system errors other than "not there". */
export function expandPattern(field: PathField): ReadonlyArray<NamedFile> | Nothing {
  const { pattern } = field;
  const stat = statSync(pattern, { throwIfNoEntry: false });
  if (field.kind === "folder") {
    if (stat === undefined) return "not there";
    if (!stat.isDirectory()) return "a file";
    return orNothing(field.only === undefined ? filesBelow(pattern) : selected(pattern, field), "empty folder");
  }
  // What exists by that very name is meant by it, even if the name looks like a pattern.
  if (stat?.isFile()) return [{ name: basename(pattern), path: pattern }];
  if (stat !== undefined) return "a folder";
  if (!magic.test(pattern)) return "not there";
  return orNothing(matches(pattern), "no match");
}

/** The named files that are there; a stage that cannot do without one of the others says so. */
function selected(folder: string, { only = [], firstOf = [] }: PathField): ReadonlyArray<NamedFile> {
  const chosen = firstOf.flatMap(
    (choice) => choice.find(([first]) => first !== undefined && isFile(join(folder, first))) ?? [],
  );
  const names = chosen.flatMap((name) => (magic.test(name) ? globSync(name, { cwd: folder }) : [name]));
  return inOrder(
    [...only, ...names].map((name) => ({ name, path: join(folder, name) })).filter(({ path }) => isFile(path)),
  );
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

const orNothing = (files: ReadonlyArray<NamedFile>, otherwise: Nothing) => (files.length === 0 ? otherwise : files);

function matches(pattern: string): ReadonlyArray<NamedFile> {
  const root = fixedPart(pattern);
  const found = globSync(relative(root, pattern), { cwd: root }).map((name) => ({ name, path: join(root, name) }));
  return inOrder(found.filter(({ path }) => isFile(path)));
}

/** The folder above the first part that holds a wildcard. */
function fixedPart(pattern: string): string {
  let root = pattern;
  while (magic.test(root)) root = dirname(root);
  return root;
}

function filesBelow(folder: string): ReadonlyArray<NamedFile> {
  const found: Array<NamedFile> = [];
  // A link that leads back to a folder above would never end; those above are enough to tell.
  const visit = (at: string, above: ReadonlyArray<string>): void => {
    const real = realpathSync(at);
    if (above.includes(real)) return;
    for (const name of readdirSync(at).filter((name) => !name.startsWith("."))) {
      const path = join(at, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory()) visit(path, [...above, real]);
      else if (stat?.isFile()) found.push({ name: relative(folder, path), path });
    }
  };
  visit(folder, []);
  return inOrder(found);
}

const inOrder = (files: ReadonlyArray<NamedFile>): ReadonlyArray<NamedFile> =>
  files
    .map(({ name, path }) => ({ name: name.replaceAll("\\", "/"), path }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
