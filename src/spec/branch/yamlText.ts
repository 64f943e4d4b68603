/**
 * Edits of a YAML text that leave every other byte as it stands: comments, alignment and quotes of the author are kept, which
 * printing the parsed document would not do. A text goes in and a text comes out; each edit parses it anew.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument, stringify, visit } from "yaml";
import type { Document, Node, Pair, YAMLMap } from "yaml";
import type { Json } from "../../core/canonicalJson.ts";

export interface TextEdit {
  /** Offsets into the text; equal for an insertion. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Edits must not overlap. */
export function applyEdits(text: string, edits: ReadonlyArray<TextEdit>): string {
  const backwards = edits.toSorted((a, b) => b.start - a.start);
  return backwards.reduce(
    (before, { start, end, text: put }) => before.slice(0, start) + put + before.slice(end),
    text,
  );
}

export const parseText = (text: string): Document.Parsed => parseDocument(text, { merge: true, uniqueKeys: false });

export const entryAt = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);

/** A value as it can stand on one line, in a block or between braces. */
export function flowText(value: Json): string {
  if (typeof value === "string" && /[,[\]{}]/.test(value)) return JSON.stringify(value);
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
}

/**
 * Writes a value at a path of keys, adding keys that are not there. What is reached through an alias or a merge key is written
 * out in its place first, so that nothing else changes with it.
 */
export function setValue(text: string, path: ReadonlyArray<string>, value: Json, written = flowText(value)): string {
  const document = parseText(text);
  let node = document.contents as Node | null;
  for (const [depth, key] of path.entries()) {
    if (isAlias(node)) return setValue(inlined(text, document, node), path, value, written);
    const rest = path.slice(depth + 1);
    if (!isMap(node)) return replaceNode(text, node!, nested(path.slice(depth), written));
    const pair = entryAt(node, key);
    if (pair === undefined) return insertEntry(text, node, key, addedValue(document, node, key, rest, value, written));
    if (rest.length === 0) return replaceValue(text, pair, written);
    if (isEmpty(pair.value as Node | null)) return replaceValue(text, pair, nested(rest, written));
    node = pair.value as Node;
  }
  return text;
}

/** The new entry's value: of a mapping that a merge key brings in, a copy with the change. */
function addedValue(
  document: Document,
  map: YAMLMap,
  key: string,
  rest: ReadonlyArray<string>,
  value: Json,
  written: string,
): string {
  const merged = (map.toJS(document) as { readonly [key: string]: Json })[key];
  const isMapping = typeof merged === "object" && merged !== null && !Array.isArray(merged);
  return rest.length > 0 && isMapping ? flowText(withValue(merged, rest, value)) : nested(rest, written);
}

function withValue(object: Json, [key, ...rest]: ReadonlyArray<string>, value: Json): Json {
  if (key === undefined) return value;
  const members = typeof object === "object" && object !== null ? (object as { readonly [key: string]: Json }) : {};
  return { ...members, [key]: withValue(members[key] ?? {}, rest, value) };
}

/** `{ a: { b: value } }` */
const nested = (path: ReadonlyArray<string>, written: string): string =>
  path.reduceRight((inner, key) => `{ ${key}: ${inner} }`, written);

const inlined = (text: string, document: Document, alias: Node): string =>
  replaceNode(text, alias, flowText(alias.toJS(document) as Json));

const replaceNode = (text: string, node: Node, written: string): string =>
  applyEdits(text, [{ start: node.range![0], end: contentEnd(node), text: written }]);

const isEmpty = (node: Node | null): boolean => node === null || node.range![0] === node.range![1];

function replaceValue(text: string, pair: Pair, written: string): string {
  const value = pair.value as Node | null;
  if (value !== null && !isEmpty(value)) {
    const edit = { start: value.range![0], end: contentEnd(value), text: written };
    return applyEdits(text, [edit, ...aliasesOf(text, value)]);
  }
  const colon = text.indexOf(":", (pair.key as Node).range![1]) + 1;
  return applyEdits(text, [{ start: colon, end: colon, text: ` ${written}` }]);
}

/** Aliases of a node go on meaning what it was: they are written out. */
function aliasesOf(text: string, node: Node): ReadonlyArray<TextEdit> {
  const anchor = isAlias(node) ? undefined : (node as { readonly anchor?: string }).anchor;
  if (anchor === undefined) return [];
  const document = parseText(text);
  const edits: Array<TextEdit> = [];
  visit(document, {
    Alias: (_, { source, range }) => {
      if (source !== anchor || range == null) return;
      edits.push({ start: range[0], end: range[1], text: flowText(node.toJS(document) as Json) });
    },
  });
  return edits;
}

function insertEntry(text: string, map: YAMLMap, key: string, written: string): string {
  const [first] = map.items;
  if (first === undefined) return replaceNode(text, map, `{ ${key}: ${written} }`);
  const end = entryEnd(map.items.at(-1)!);
  if (map.flow === true) return applyEdits(text, [{ start: end, end, text: `, ${key}: ${written}` }]);
  const at = endOfLine(text, end);
  const indent = " ".repeat(columnOf(text, (first.key as Node).range![0]));
  return applyEdits(text, [{ start: at, end: at, text: `${lineBreakOf(text)}${indent}${key}: ${written}` }]);
}

/**
 * Writes a copy of the entry `key` of the mapping at `path` right behind it, under another name. Anchors are left out of the
 * copy, so that aliases go on meaning the original's.
 */
export function copyEntry(
  text: string,
  path: ReadonlyArray<string>,
  key: string,
  name: string,
  comment: string,
): string {
  const map = parseText(text).getIn(path) as YAMLMap;
  const pair = entryAt(map, key)!;
  const keyNode = pair.key as Node;
  const isFlow = map.flow === true;
  const start = isFlow ? keyNode.range![0] : startOfLine(text, keyNode.range![0]);
  const end = isFlow ? entryEnd(pair) : endOfLine(text, entryEnd(pair));
  const renamed = { start: keyNode.range![0], end: keyNode.range![1], text: name };
  const changed = [renamed, ...anchorsOf(text, pair)].map((edit): TextEdit => {
    return { start: edit.start - start, end: edit.end - start, text: edit.text };
  });
  const copy = applyEdits(text.slice(start, end), changed);
  if (isFlow) return applyEdits(text, [{ start: end, end, text: `, ${copy}` }]);
  const line = lineBreakOf(text);
  const indent = text.slice(start, keyNode.range![0]);
  const blank = isBlankBefore(text, start) ? line : "";
  return applyEdits(text, [{ start: end, end, text: `${line}${blank}${indent}# ${comment}${line}${copy}` }]);
}

/** The anchors in an entry's value, as edits that take them out. */
function anchorsOf(text: string, pair: Pair): ReadonlyArray<TextEdit> {
  const edits: Array<TextEdit> = [];
  const note = (node: { readonly anchor?: string; readonly range?: readonly [number, number, number] | null }) => {
    if (node.anchor === undefined || node.range == null) return;
    const start = text.lastIndexOf(`&${node.anchor}`, node.range[0]);
    const end = start + node.anchor.length + 1;
    const spaces = /^[ \t]*/.exec(text.slice(end))![0].length;
    edits.push({ start, end: end + spaces, text: "" });
  };
  visit(pair.value as Node, { Scalar: (_, node) => note(node), Collection: (_, node) => note(node) });
  return edits;
}

/** Where an entry's text ends, trailing blanks and comments left out. */
function entryEnd({ key, value }: Pair): number {
  const node = value as Node | null;
  return node === null || isEmpty(node) ? (key as Node).range![1] : contentEnd(node);
}

function contentEnd(node: Node): number {
  if (isMap(node) && node.flow !== true && node.items.length > 0) return entryEnd(node.items.at(-1)!);
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return contentEnd(node.items.at(-1) as Node);
  return node.range![1];
}

const startOfLine = (text: string, offset: number): number => text.lastIndexOf("\n", offset - 1) + 1;

/** Of a block scalar's text the end is the next line's start already. */
function endOfLine(text: string, offset: number): number {
  const from = text[offset - 1] === "\n" ? offset - 1 : offset;
  const next = text.indexOf("\n", from);
  const end = next === -1 ? text.length : next;
  return text[end - 1] === "\r" ? end - 1 : end;
}

const columnOf = (text: string, offset: number): number => offset - startOfLine(text, offset);
export const lineBreakOf = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** A blank line before it, or before the comment that belongs to it. */
function isBlankBefore(text: string, start: number): boolean {
  const lines = text.slice(0, start).split(/\r?\n/).slice(0, -1);
  return lines.findLast((line) => !line.trim().startsWith("#"))?.trim() === "";
}
