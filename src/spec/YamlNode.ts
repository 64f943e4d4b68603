/** A YAML text as a tree that knows where everything stands; `readYaml` makes it. */
import type { Json } from "../core/canonicalJson.ts";
import type { Span } from "./Reporter.ts";

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  readonly span: Span;
  /** The text as it stands in the file, quotes included; absent for what came in by an alias. */
  readonly raw: string | undefined;
  /** The value cannot be used, which was reported; what stands here in its place says nothing. */
  readonly isBroken: boolean;
}

export interface Entry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: YamlNode;
}

export interface MappingNode {
  readonly kind: "mapping";
  readonly entries: ReadonlyArray<Entry>;
  readonly span: Span;
}

export interface SequenceNode {
  readonly kind: "sequence";
  readonly items: ReadonlyArray<YamlNode>;
  readonly span: Span;
}

export type YamlNode = ScalarNode | MappingNode | SequenceNode;

/** The value of a tree, places forgotten. */
export function toJson(node: YamlNode): Json {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "sequence") return node.items.map(toJson);
  return Object.fromEntries(node.entries.map((entry) => [entry.key, toJson(entry.value)]));
}

export const isEmptyNode = (node: YamlNode): boolean => node.kind === "scalar" && node.value === null;

export const entryOf = (node: YamlNode, key: string): Entry | undefined =>
  node.kind === "mapping" ? node.entries.find((entry) => entry.key === key) : undefined;

/** The deepest node on a path that is there. */
export function nodeAt(node: YamlNode, path: ReadonlyArray<PropertyKey>): YamlNode {
  let current = node;
  for (const part of path) {
    const next = current.kind === "sequence" ? current.items[Number(part)] : entryOf(current, String(part))?.value;
    if (next === undefined) return current;
    current = next;
  }
  return current;
}
