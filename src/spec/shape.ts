/**
 * Checks one mapping of the file against its schema and hands on what of it can be used: keys that are plainly misspelt are
 * taken for what was meant (and reported), values of the wrong form are left out, so that the rest is still checked.
 */
import * as Result from "effect/Result";
import type * as Schema from "effect/Schema";
import * as SchemaParser from "effect/SchemaParser";
import { findingsOf, type Finding } from "./findings.ts";
import { namePattern, reservedKeys, type Shape } from "./PipelineFile.ts";
import type { Reporter, Span } from "./Reporter.ts";
import { closest, listed, quoted } from "../core/suggest.ts";
import { isEmptyNode, nodeAt, toJson, type Entry, type MappingNode, type YamlNode } from "./YamlNode.ts";

export interface Shaped {
  /** Entries by the key they were meant to have. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Keys that are there, but of the wrong form throughout; reported, and not among the entries. */
  readonly broken: ReadonlySet<string>;
}

interface ShapeSchema extends Schema.Codec<unknown, unknown> {
  readonly fields: { readonly [key: string]: unknown };
}

/** `what` names the mapping in messages (`step `bi0``); `extraHint` may know better where a key belongs. */
export function checkShape(
  node: YamlNode,
  schema: ShapeSchema,
  shape: Shape,
  what: string,
  span: Span,
  reporter: Reporter,
  extraHint: (key: string) => string | undefined = () => undefined,
): Shaped {
  if (node.kind !== "mapping") {
    reporter.report(node.span, `${what} must be a mapping of ${listed(Object.keys(schema.fields))}`);
    return { entries: new Map(), broken: new Set(Object.keys(schema.fields)) };
  }
  const broken = new Set<string>();
  const entries = meantEntries(node, Object.keys(schema.fields), shape, what, reporter, extraHint);
  const meant: MappingNode = {
    ...node,
    entries: [...entries].map(([key, { keySpan, value }]) => ({ key, keySpan, value })),
  };
  const decoded = SchemaParser.decodeUnknownResult(schema)(toJson(meant), { errors: "all", reportInput: true });
  if (Result.isFailure(decoded)) {
    for (const finding of findingsOf(decoded.failure, toJson(meant))) {
      reportFinding(finding, meant, what, span, reporter);
      // A wrong member of a mapping is left where it is: whoever reads the mapping passes over it.
      const [key] = finding.path;
      if (finding.path.length === 1 && entries.delete(String(key))) broken.add(String(key));
      if (finding.kind === "missing") broken.add(String(key));
    }
  }
  return { entries, broken };
}

function meantEntries(
  node: MappingNode,
  known: ReadonlyArray<string>,
  shape: Shape,
  what: string,
  reporter: Reporter,
  extraHint: (key: string) => string | undefined,
): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const written = new Set(node.entries.map((entry) => entry.key));
  for (const entry of node.entries) {
    const { key, keySpan } = entry;
    if (known.includes(key)) {
      // `with:` with nothing below it is an empty `with`.
      if (!isEmptyNode(entry.value)) entries.set(key, entry);
      continue;
    }
    if (reservedKeys[shape].has(key)) {
      reporter.report(keySpan, `${quoted(key)} is not supported in this version`, "remove it");
      continue;
    }
    const likely = closest(
      key,
      known.filter((name) => !written.has(name)),
    );
    const misplaced = extraHint(key);
    const hint = likely === undefined ? `keys: ${listed(known)}` : `did you mean ${quoted(likely)}?`;
    reporter.report(keySpan, `unknown key ${quoted(key)} in ${what}`, misplaced ?? hint);
    if (misplaced === undefined && likely !== undefined && !entries.has(likely)) entries.set(likely, entry);
  }
  return entries;
}

function reportFinding(finding: Finding, node: MappingNode, what: string, span: Span, reporter: Reporter): void {
  if (finding.kind === "missing") {
    reporter.report(
      span,
      `${what} has no ${quoted(String(finding.path.at(-1)))}`,
      missingHint(String(finding.path[0])),
    );
  } else if (finding.kind === "invalid") {
    reporter.report(nodeAt(node, finding.path).span, `${what}: ${finding.message}`, finding.hint);
  }
}

function missingHint(key: string): string | undefined {
  if (key === "uses") return "name the stage: `uses: tokenize`";
  if (key === "repeat") return "say how many cycles it has: `repeat: 3`";
  return undefined;
}

/** Names must be spelt so that links can name them. */
export function checkName(name: string, what: string, span: Span, reporter: Reporter): void {
  if (namePattern.test(name)) return;
  reporter.report(
    span,
    `${quoted(name)} cannot be the name of ${what}`,
    "letters, digits, `_` and `-`, beginning with a letter or `_`",
  );
}
