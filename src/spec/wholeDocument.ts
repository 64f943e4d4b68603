/**
 * A variant as one document that stands by itself: merged over what it extends, every path as it has to be written in the folder
 * that the document is for. `plan --resolved` prints it, and a branch of a variant is made of it.
 */
import { dirname } from "node:path";
import { Document, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from "yaml";
import { canonicalJson } from "../core/canonicalJson.ts";
import type { Graph } from "../core/Graph.ts";
import { writtenPaths, type StageFinder } from "./branch/movePaths.ts";
import { flowText } from "./branch/yamlText.ts";
import { makeReporter } from "./Reporter.ts";
import { readTree } from "./readTree.ts";
import { toJson, type YamlNode } from "./YamlNode.ts";

/** Of a graph's file, which was loaded without mistakes, with the parameters it was given. Comments stay behind; expressions and the form of numbers are as written. */
export function wholeDocument({ file, name, params }: Graph, to: string, stageOf: StageFinder): Document {
  const tree = readTree(file, dirname(file), makeReporter(file));
  if (tree?.kind !== "mapping") return new Document({});
  const own = { ...tree, entries: tree.entries.filter(({ key }) => key !== "extends" && key !== "name") };
  const document = new Document({ name, ...(toJson(own) as object) });
  const fileOf = new Map<Scalar, string>();
  note(document.contents, own, fileOf);
  const written = (document.toJS() as { readonly params?: Graph["params"] }).params ?? {};
  const given = Object.keys(params).filter(
    (name) => canonicalJson(params[name]!) !== canonicalJson(written[name] ?? null),
  );
  for (const name of given) document.setIn(["params", name], document.createNode(params[name]));
  const folderOf = (node: Scalar) => dirname(fileOf.get(node) ?? file);
  for (const { node, moved } of writtenPaths(document, stageOf, (param) => given.includes(param)))
    node.value = moved(folderOf(node), to);
  return document;
}

/** Which file each scalar is from; and `1e-3` is printed as that. */
function note(node: unknown, tree: YamlNode, fileOf: Map<Scalar, string>): void {
  if (isMap(node) && tree.kind === "mapping")
    for (const { key, value } of tree.entries) note(node.get(key, true), value, fileOf);
  else if (isSeq(node) && tree.kind === "sequence")
    for (const [index, item] of tree.items.entries()) note(node.items[index], item, fileOf);
  else if (isScalar(node) && tree.kind === "scalar") {
    if (tree.span.file !== undefined) fileOf.set(node, tree.span.file);
    if (typeof node.value === "number" && /\de/i.test(tree.raw ?? "")) node.format = "EXP";
  }
}

/** Wider values than this are written over several lines. */
const flowColumns = 110;

/** Lays a document out as one would write it: what fits on a line stands on one. */
export function layOut(document: Document): void {
  if (isMap(document.contents)) for (const pair of document.contents.items) layOutEntry(pair);
}

function layOutEntry({ key, value }: Pair): void {
  if (!isMap(value) && !isSeq(value)) return;
  const isSteps = isScalar(key) && key.value === "steps";
  value.flow = !isSteps && !hasSteps(value) && flowText((value as Node).toJSON()).length <= flowColumns;
  if (isMap(value) && !value.flow) for (const pair of value.items) layOutEntry(pair);
}

const hasSteps = (value: unknown): boolean => isMap(value) && (value as YAMLMap).has("steps");
