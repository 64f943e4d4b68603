/** The paths written in a pipeline file, rewritten so that they mean the same from another folder. */
import { posix, relative, sep } from "node:path";
import { isMap, isScalar, isSeq } from "yaml";
import type { Document, Node, Scalar, YAMLMap } from "yaml";
import type * as SchemaAST from "effect/SchemaAST";
import type { Graph } from "../../core/Graph.ts";
import type { AnyStage } from "../../core/Stage.ts";
import { annotationThrough, writtenForm } from "../expected.ts";
import { entryAt, flowText, type TextEdit } from "./yamlText.ts";

/** A path as it has to be written in `to` to mean what `path` means in `from` (both absolute folders). Expressions in it stay; `${matrix.x}` and `${cycle}` begin no absolute path. */
export function movedPath(path: string, from: string, to: string): string {
  if (path.startsWith("/") || /^\$\{\s*(params|env)\./.test(path) || /^[A-Za-z]:[\\/]/.test(path)) return path;
  const there = relative(to, from).split(sep).join("/");
  if (there === "") return path;
  const expression = path.indexOf("${");
  const [literal, rest] = expression === -1 ? [path, ""] : [path.slice(0, expression), path.slice(expression)];
  const moved = posix.join(`${there}/`, literal) + rest;
  return path.startsWith("./") && !moved.startsWith(".") ? `./${moved}` : moved;
}

/** The stage of a declared step (`distil.student`), given what it `uses`. */
export type StageFinder = (declaredAs: string, uses: string) => AnyStage | undefined;

/** By the step's name, for its stage may be the user's own; steps of a loop without cycles are not in the graph. */
export function stageFinder({ steps }: Graph, stages: ReadonlyArray<AnyStage>): StageFinder {
  const byStep = new Map(steps.map(({ declaredAs, stage }) => [declaredAs, stage]));
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  return (declaredAs, uses) => byStep.get(declaredAs) ?? byName.get(uses);
}

interface Found {
  readonly node: Scalar;
  /** What such a value begins with where it names something on the net. */
  readonly remote: string | undefined;
}

/** A scalar that names a file or a folder. */
export interface WrittenPath {
  readonly node: Scalar;
  /** What it has to say in `to` to mean what it means in `from`. */
  readonly moved: (from: string, to: string) => string;
}

/** Edits for all paths of the file. `isFromWorkingFolder`: parameters that the command line gave are not the file's. */
export function movePaths(
  document: Document,
  stageOf: StageFinder,
  from: string,
  to: string,
  isFromWorkingFolder: (param: string) => boolean,
): ReadonlyArray<TextEdit> {
  if (from === to) return [];
  return writtenPaths(document, stageOf, isFromWorkingFolder).map(({ node, moved }) =>
    rewritten(node, moved(from, to)),
  );
}

/** Every path of the file once: in settings, in the parameters that settings begin with, stages of the user's own, `extends`. */
export function writtenPaths(
  document: Document,
  stageOf: StageFinder,
  isFromWorkingFolder: (param: string) => boolean,
): ReadonlyArray<WrittenPath> {
  const root = document.contents;
  if (!isMap(root)) return [];
  const nodes = pathsIn(root, "", stageOf).flatMap(({ node, remote }): ReadonlyArray<Scalar> => {
    const param = leadingParam(String(node.value));
    const written = param === undefined ? [node] : isFromWorkingFolder(param) ? [] : defaultsOf(root, param);
    return remote === undefined ? written : written.filter(({ value }) => !String(value).startsWith(remote));
  });
  const paths = [...new Set(nodes)].map((node): WrittenPath => {
    return { node, moved: (from, to) => movedPath(String(node.value), from, to) };
  });
  const modules = moduleNames(root).map((node): WrittenPath => {
    return { node, moved: (from, to) => explicit(movedPath(String(node.value), from, to)) };
  });
  return [...paths, ...modules];
}

/** `data` of `${params.data}/train.tsv`: its default is a path then. */
export const leadingParam = (path: string): string | undefined => /^\$\{\s*params\.([\w-]+)\s*\}/.exec(path)?.[1];

/** The parameters that paths of the file begin with. */
export const pathParams = (document: Document, stageOf: StageFinder): ReadonlySet<string> => {
  const root = document.contents;
  const found = isMap(root) ? pathsIn(root, "", stageOf) : [];
  return new Set(found.flatMap(({ node }) => leadingParam(String(node.value)) ?? []));
};

function defaultsOf(root: YAMLMap, param: string): ReadonlyArray<Scalar> {
  const params = entryAt(root, "params")?.value;
  const value = isMap(params) ? entryAt(params, param)?.value : undefined;
  const nodes = isSeq(value) ? value.items : [value];
  return nodes.filter((node) => isScalar(node) && typeof node.value === "string") as ReadonlyArray<Scalar>;
}

function pathsIn(owner: YAMLMap, prefix: string, stageOf: StageFinder): ReadonlyArray<Found> {
  const steps = entryAt(owner, "steps")?.value;
  if (!isMap(steps)) return [];
  return steps.items.flatMap(({ key, value }) => {
    if (!isMap(value) || !isScalar(key)) return [];
    const uses = entryAt(value, "uses")?.value;
    const path = `${prefix}${String(key.value)}`;
    const stage = stageOf(path, isScalar(uses) ? String(uses.value) : "");
    const settings = entryAt(value, "with")?.value as Node | undefined;
    const inLoop = pathsIn(value, `${path}.`, stageOf);
    return (stage === undefined ? [] : pathNodes(stage.config.ast, settings)).concat(inLoop);
  });
}

/** The scalars that a schema declares to be paths; of a list that is one whole expression, the expression. */
function pathNodes(type: SchemaAST.AST, node: Node | undefined): ReadonlyArray<Found> {
  const kind = annotationThrough(type, "tandemPath");
  const remote = annotationThrough(type, "tandemRemote");
  if (isScalar(node) && typeof node.value === "string" && (kind === "file" || kind === "folder"))
    return [{ node, remote: typeof remote === "string" ? remote : undefined }];
  const ast = writtenForm(type);
  switch (ast._tag) {
    case "Union":
      return ast.types.flatMap((member) => pathNodes(member, node));
    case "Arrays": {
      const element = ast.rest[0] ?? ast.elements[0];
      if (element === undefined || node === undefined) return [];
      const items = isSeq(node) ? (node.items as ReadonlyArray<Node>) : isScalar(node) ? [node] : [];
      return items.flatMap((item) => pathNodes(element, item));
    }
    case "Objects":
      return ast.propertySignatures.flatMap(({ name, type: field }) =>
        isMap(node) ? pathNodes(field, entryAt(node, String(name))?.value as Node | undefined) : [],
      );
    default:
      return [];
  }
}

/** Stages of the user's own and files that this one extends are named by path too. */
function moduleNames(owner: YAMLMap): ReadonlyArray<Scalar> {
  const named = [entryAt(owner, "uses")?.value, entryAt(owner, "extends")?.value].flatMap((value) =>
    isScalar(value) && typeof value.value === "string" && /[/\\]|\.[a-z]+$/.test(value.value) ? [value] : [],
  );
  const steps = entryAt(owner, "steps")?.value;
  const members = isMap(steps) ? steps.items.map(({ value }) => value).filter(isMap) : [];
  return [...named, ...members.flatMap(moduleNames)];
}

const explicit = (path: string): string => (/^(\.{0,2}\/|\$\{)/.test(path) ? path : `./${path}`);

/** Plain where it can be, or with the quotes it had. */
function rewritten(node: Scalar, path: string): TextEdit {
  const [start, end] = node.range!;
  const isQuoted = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
  return { start, end, text: isQuoted ? JSON.stringify(path) : flowText(path) };
}
