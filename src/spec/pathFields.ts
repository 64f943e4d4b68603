/**
 * Finds the config fields declared with `path()` or `folder()` in the settings of a step, and makes their patterns absolute.
 * The annotation is looked for under defaults, optional keys, unions, lists and nested structs.
 */
import { resolve } from "node:path";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type * as SchemaAST from "effect/SchemaAST";
import * as SchemaParser from "effect/SchemaParser";
import type { Json } from "../core/canonicalJson.ts";
import type { PathField } from "../core/Graph.ts";
import type { FolderSelection } from "../core/path.ts";
import { annotationThrough, writtenForm } from "./expected.ts";
import { valueAt, type Path } from "./findings.ts";

export interface Folders {
  /** Of a file that the pipeline extends, or, without one, of the pipeline file. */
  readonly of: (file: string | undefined) => string;
  /** The working directory. */
  readonly working: string;
}

/**
 * The path fields of encoded settings. The elements of a list share the list's field name, in order; `folderOf` says of a
 * path in the settings which folder its text resolves from.
 */
export function pathFields(
  type: SchemaAST.AST,
  settings: unknown,
  folderOf: (path: Path) => string,
): ReadonlyArray<PathField> {
  const fields: Array<PathField> = [];
  visit(type, settings, [], (path, written, kind, ast) => {
    const field = path.filter((part) => typeof part !== "number").join(".");
    const named = annotationThrough(ast, "tandemNamed") === true ? { named: true } : {};
    const selected = selectedFiles(ast, settings, path);
    const remote = annotationThrough(ast, "tandemRemote");
    const isRemote = typeof remote === "string" && written.startsWith(remote);
    fields.push({
      field,
      pattern: isRemote ? written : resolve(folderOf(path), written),
      written,
      kind,
      ...named,
      ...selected,
      ...(isRemote ? { isRemote } : {}),
    });
  });
  return fields;
}

/** The settings with other texts in their path fields, one for each of `pathFields` in its order. */
export function withPaths(type: SchemaAST.AST, settings: Json, texts: ReadonlyArray<string>): Json {
  const changed = structuredClone(settings);
  let next = 0;
  visit(type, settings, [], (path) => {
    const owner = valueAt(changed, path.slice(0, -1)) as { [key: PropertyKey]: Json };
    owner[path.at(-1)!] = texts[next++]!;
  });
  return changed;
}

/** Which files of a folder are read: named in the declaration, or by a field beside the folder's. */
function selectedFiles(ast: SchemaAST.AST, settings: unknown, path: Path): Pick<PathField, "only" | "firstOf"> {
  const selection = annotationThrough(ast, "tandemSelection") as FolderSelection | undefined;
  if (selection === undefined) return {};
  if ("files" in selection) {
    const { files, firstOf } = selection;
    return { only: files, ...(firstOf === undefined ? {} : { firstOf }) };
  }
  const names = valueAt(settings, [...path.slice(0, -1), selection.namesIn]);
  return Array.isArray(names) ? { only: names.map((name) => `${name}${selection.suffix}`) } : {};
}

type Visitor = (path: Path, written: string, kind: "file" | "folder", ast: SchemaAST.AST) => void;

function visit(type: SchemaAST.AST, value: unknown, path: Path, found: Visitor): void {
  if (value === undefined || value === null) return;
  const kind = annotationThrough(type, "tandemPath");
  if (typeof value === "string" && (kind === "file" || kind === "folder")) return found(path, value, kind, type);
  const ast = writtenForm(type);
  switch (ast._tag) {
    case "Suspend":
      return visit(ast.thunk(), value, path, found);
    case "Objects":
      return visitObject(ast, value, path, found);
    case "Arrays":
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) {
          const element = ast.elements[index] ?? ast.rest[0];
          if (element !== undefined) visit(element, item, [...path, index], found);
        }
      }
      return;
    case "Union": {
      const member = ast.types.find((member) => decodes(member, value));
      return member === undefined ? undefined : visit(member, value, path, found);
    }
  }
}

function visitObject(ast: SchemaAST.Objects, value: unknown, path: Path, found: Visitor): void {
  if (typeof value !== "object") return;
  const object = value as { readonly [key: PropertyKey]: unknown };
  const named = new Map(ast.propertySignatures.map((property) => [property.name, property.type]));
  for (const key of Object.keys(object)) {
    const type = named.get(key) ?? ast.indexSignatures[0]?.type;
    if (type !== undefined) visit(type, object[key], [...path, key], found);
  }
}

const decodes = (member: SchemaAST.AST, value: unknown): boolean =>
  Result.isSuccess(SchemaParser.decodeUnknownResult(Schema.make<Schema.Codec<unknown>>(member))(value));
