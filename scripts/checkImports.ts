/**
 * Holds the imports between folders to the arrows of `importRules.ts`, keeps heavy packages off the way from the command line to
 * a run with nothing to do, and finds cycles. Prints `file:line: what is wrong` for each; exit code 1 if there is any.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Import, importsOf } from "./importsOf.ts";
import { heavyPackages, lightEntries, lightFolders, rules } from "./importRules.ts";

interface Module {
  readonly path: string;
  readonly imports: ReadonlyArray<Import & { readonly target: Target }>;
}

type Target =
  | { readonly kind: "ours"; readonly path: string }
  | { readonly kind: "package"; readonly name: string }
  | { readonly kind: "node" };

/** `read` gives a file's text; paths are relative to the root, with `/`. */
export function violations(files: ReadonlyArray<string>, read: (path: string) => string): ReadonlyArray<string> {
  const modules = new Map(files.map((path) => [path, moduleOf(path, read(path))]));
  return [...[...modules.values()].flatMap(arrowViolations), ...heavyViolations(modules), ...cycles(modules)];
}

const moduleOf = (path: string, source: string): Module => ({
  path,
  imports: importsOf(source).map((each) => Object.assign(each, { target: targetOf(path, each.specifier) })),
});

function targetOf(from: string, specifier: string): Target {
  if (specifier.startsWith("node:")) return { kind: "node" };
  if (specifier.startsWith(".")) return { kind: "ours", path: normalize(join(dirname(from), specifier)) };
  const parts = specifier.split("/");
  return { kind: "package", name: specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]! };
}

function arrowViolations({ path, imports }: Module): ReadonlyArray<string> {
  const folder = Object.keys(rules).find((each) => isIn(path, each));
  if (folder === undefined) return [];
  const rule = rules[folder]!;
  return imports.flatMap(({ target, kind, line }) => {
    if (target.kind === "node" || (target.kind === "ours" && isIn(target.path, folder))) return [];
    if (target.kind === "package") {
      return rule.packages.includes(target.name)
        ? []
        : [`${path}:${line}: ${folder} may not import the package ${target.name}`];
    }
    if (rule.ours.some((each) => isIn(target.path, each))) return [];
    const areTypesAllowed = rule.types?.some((each) => isIn(target.path, each)) === true;
    if (areTypesAllowed && kind === "type") return [];
    return [`${path}:${line}: ${folder} may not import ${areTypesAllowed ? "more than types of " : ""}${target.path}`];
  });
}

const isIn = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

/** Every heavy package that a light module loads at its top, with the way that leads there. */
function heavyViolations(modules: ReadonlyMap<string, Module>): ReadonlyArray<string> {
  const roots = [...modules.keys()].filter(
    (path) => lightEntries.includes(path) || lightFolders.some((folder) => isIn(path, folder)),
  );
  const cameFrom = new Map<string, string | undefined>(roots.map((path) => [path, undefined]));
  const found: Array<string> = [];
  for (const path of cameFrom.keys()) {
    for (const { target, kind, line, specifier } of modules.get(path)?.imports ?? []) {
      if (kind !== "value") continue;
      if (target.kind === "ours" && !cameFrom.has(target.path)) cameFrom.set(target.path, path);
      const isHeavy =
        target.kind === "package" && heavyPackages.includes(target.name === "effect" ? specifier : target.name);
      if (isHeavy)
        found.push(`${path}:${line}: ${specifier} is heavy, import() it where it is used (${wayTo(path, cameFrom)})`);
    }
  }
  return found;
}

function wayTo(path: string, cameFrom: ReadonlyMap<string, string | undefined>): string {
  const way = [path];
  for (let at = cameFrom.get(path); at !== undefined; at = cameFrom.get(at)) way.unshift(at);
  return way.join(" → ");
}

/** One line per cycle of modules that load each other. */
function cycles(modules: ReadonlyMap<string, Module>): ReadonlyArray<string> {
  const found: Array<string> = [];
  const state = new Map<string, "open" | "done">();
  const visit = (path: string, way: ReadonlyArray<string>) => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      found.push(`${path}:1: modules import each other: ${[...way.slice(way.indexOf(path)), path].join(" → ")}`);
      return;
    }
    state.set(path, "open");
    for (const { target, kind } of modules.get(path)?.imports ?? []) {
      if (kind === "value" && target.kind === "ours") visit(target.path, [...way, path]);
    }
    state.set(path, "done");
  };
  for (const path of modules.keys()) visit(path, []);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const files = globSync(["src/**/*.ts", "stages/**/*.ts"], { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
  const found = violations(
    files.filter((path) => existsSync(join(root, path))),
    (path) => readFileSync(join(root, path), "utf8"),
  );
  for (const line of found) console.error(line);
  console.log(
    `${files.length} modules, ${found.length === 0 ? "imports keep to the arrows" : `${found.length} imports do not keep to the arrows`}`,
  );
  process.exitCode = found.length === 0 ? 0 : 1;
}
