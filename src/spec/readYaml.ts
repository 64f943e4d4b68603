/**
 * Reads a YAML text to a tree that knows where everything stands. Aliases and merge keys are resolved here, and what they
 * bring in is placed where it is used: that is the line a reader has to look at.
 */
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Alias, Node, Pair, Scalar } from "yaml";
import type { Reporter, Span } from "./Reporter.ts";
import { quoted } from "../core/suggest.ts";
import type { Entry, MappingNode, ScalarNode, SequenceNode, YamlNode } from "./YamlNode.ts";

/** Aliases can multiply a small file without end ("billion laughs"); no pipeline comes near this. */
const maxAliased = 200_000;

class TooManyAliased extends Error {}

/** The tree of a text; undefined where its syntax is wrong (reported) or it is empty (reported). `file`: see `Span`. */
export function readYaml(text: string, reporter: Reporter, file?: string): YamlNode | undefined {
  const top = topOf(file);
  try {
    return parse(text, reporter, file);
  } catch (error) {
    if (error instanceof TooManyAliased)
      reporter.report(top, "the file's aliases unfold into more than 200,000 values");
    else if (error instanceof RangeError) reporter.report(top, "the file is nested too deeply");
    else throw error;
    return undefined;
  }
}

const topOf = (file: string | undefined): Span => ({
  ...(file === undefined ? {} : { file }),
  line: 1,
  column: 1,
  length: 1,
});

function parse(text: string, reporter: Reporter, file: string | undefined): YamlNode | undefined {
  const lines = new LineCounter();
  // Duplicate keys are found below, where both places are at hand; yaml's own check is quadratic.
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, uniqueKeys: false });
  const converter = new Converter(text, lines, reporter, file);
  // One slip of indentation makes the parser report a handful of follow-ons; the first is the one to mend.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const [start, end] = problem.pos;
    const message = `this is not valid YAML: ${plainWords(problem.code, problem.message)}`;
    // Inside `{ }` and `[ ]` the brace of a bare expression begins a mapping.
    const isBareExpression = text[start] === "{" && text[start - 1] === "$";
    const hint = isBareExpression ? 'put quotes around the expression: "${…}"' : undefined;
    reporter.report(converter.span(start, end), message, hint);
    return undefined;
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    reporter.report(topOf(file), "the pipeline file is empty", "it needs at least `steps`");
    return undefined;
  }
  return converter.convert(document.contents, undefined);
}

function plainWords(code: string, message: string): string {
  if (code === "TAB_AS_INDENT") return "a tab indents this line; YAML wants spaces";
  if (code === "MULTIPLE_DOCS") return "a second document (`---`) begins here; a pipeline file holds one";
  const open = /^Flow (map|sequence) .* and end with a ([}\]])$/.exec(message);
  if (open !== null) return `the ${open[1] === "map" ? "`{`" : "`[`"} before this is not closed by \`${open[2]}\``;
  if (message.startsWith("Missing closing")) return "this quote is never closed";
  if (message.startsWith("Maximum call stack")) return "it is nested too deeply";
  if (message.includes("flow-map-start")) return "a `{` cannot stand here";
  return message.charAt(0).toLowerCase() + message.slice(1);
}

class Converter {
  private aliased = 0;
  /** The collections being converted: an alias to one of them would have no end. */
  private readonly open = new Set<Node>();
  /** The anchors so far; a name may be given again, and an alias means the last one before it. */
  private readonly anchors = new Map<string, Node>();
  private readonly targets = new Map<Node, Node | undefined>();
  private readonly text: string;
  private readonly lines: LineCounter;
  private readonly reporter: Reporter;
  private readonly file: string | undefined;

  constructor(text: string, lines: LineCounter, reporter: Reporter, file: string | undefined) {
    this.text = text;
    this.lines = lines;
    this.reporter = reporter;
    this.file = file;
  }

  /** The span of a range of offsets, cut at the end of its first line. */
  span(start: number, end: number): Span {
    const { line, col } = this.lines.linePos(start);
    const nextLine = this.lines.lineStarts[line];
    const stop = Math.min(end, nextLine === undefined ? this.text.length : nextLine - 1);
    const place = { line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, stop - start) };
    return this.file === undefined ? place : { file: this.file, ...place };
  }

  /** `use`: the span of the alias through which the node is reached. */
  convert(node: Node | null, use: Span | undefined, emptyAt?: Span): YamlNode {
    if (use !== undefined && ++this.aliased > maxAliased) throw new TooManyAliased();
    if (isAlias(node)) return this.alias(node, use);
    this.rememberAnchor(node, use);
    if (isMap(node)) return this.mapping(node, use);
    if (isSeq(node)) return this.sequence(node, use);
    return this.scalar(node as Scalar | null, use, emptyAt);
  }

  private rememberAnchor(node: Node | null, use: Span | undefined): void {
    const anchor = use === undefined ? (node as { readonly anchor?: string } | null)?.anchor : undefined;
    if (anchor !== undefined) this.anchors.set(anchor, node!);
  }

  /** What an alias means is settled where it stands, however often it is reached through others later. */
  private targetOf(alias: Alias): Node | undefined {
    if (!this.targets.has(alias)) this.targets.set(alias, this.anchors.get(alias.source));
    return this.targets.get(alias);
  }

  private alias(node: Alias, use: Span | undefined): YamlNode {
    const at = use ?? this.spanOf(node, undefined);
    const target = this.targetOf(node);
    if (target === undefined || this.open.has(target)) {
      const message =
        target === undefined
          ? `there is no anchor ${quoted(`&${node.source}`)} before this`
          : `${quoted(`*${node.source}`)} stands inside its own anchor`;
      this.reporter.report(at, message);
      return { kind: "scalar", value: null, span: at, raw: undefined, isBroken: true };
    }
    return this.convert(target, at);
  }

  private sequence(node: Node & { readonly items: ReadonlyArray<unknown> }, use: Span | undefined): SequenceNode {
    this.open.add(node);
    const items = node.items.map((item) => this.convert(item as Node | null, use));
    this.open.delete(node);
    return { kind: "sequence", items, span: this.spanOf(node, use) };
  }

  private mapping(node: Node & { readonly items: ReadonlyArray<Pair> }, use: Span | undefined): MappingNode {
    this.open.add(node);
    const entries = new Map<string, Entry>();
    const merged: Array<Entry> = [];
    for (const pair of node.items) {
      const keyNode = pair.key as Node | null;
      const keySpan = this.spanOf(keyNode, use);
      if (isScalar(keyNode) && typeof keyNode.value === "symbol") {
        merged.push(...this.mergeEntries(pair.value as Node | null, use, keySpan));
        continue;
      }
      const key = this.keyText(keyNode, keySpan);
      const first = entries.get(key);
      if (first !== undefined) {
        this.reporter.report(
          keySpan,
          `the key ${quoted(key)} stands here twice`,
          `first on line ${first.keySpan.line}`,
        );
        continue;
      }
      entries.set(key, { key, keySpan, value: this.convert(pair.value as Node | null, use, keySpan) });
    }
    // Own keys win over merged ones, and the first of several merged mappings wins over the next.
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    this.open.delete(node);
    return { kind: "mapping", entries: [...entries.values()], span: this.spanOf(node, use) };
  }

  private mergeEntries(value: Node | null, use: Span | undefined, keySpan: Span): ReadonlyArray<Entry> {
    const converted = this.convert(value, use ?? this.spanOf(value, undefined), keySpan);
    const sources = converted.kind === "sequence" ? converted.items : [converted];
    return sources.flatMap((source) => {
      if (source.kind === "mapping") return source.entries;
      this.reporter.report(keySpan, "`<<` merges mappings, and this is none");
      return [];
    });
  }

  private keyText(node: Node | null, span: Span): string {
    if (isAlias(node)) return this.keyText(this.targetOf(node) ?? null, span);
    this.rememberAnchor(node, undefined);
    if (isScalar(node)) return String(node.source ?? node.value ?? "");
    this.reporter.report(span, "a key must be a plain text");
    return "";
  }

  private scalar(node: Scalar | null, use: Span | undefined, emptyAt: Span | undefined): ScalarNode {
    const isEmpty = node === null || (node.range != null && node.range[0] === node.range[1]);
    const span = use ?? (isEmpty && emptyAt !== undefined ? emptyAt : this.spanOf(node, use));
    const raw = use === undefined && node?.range != null ? this.text.slice(node.range[0], node.range[1]) : undefined;
    const value = this.checkedValue(node, span);
    return { kind: "scalar", value: value === undefined ? 0 : value, span, raw, isBroken: value === undefined };
  }

  /** Undefined where the value cannot be used, which is reported. */
  private checkedValue(node: Scalar | null, span: Span): ScalarNode["value"] | undefined {
    const value = node?.value ?? null;
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value !== "number") {
      this.reporter.report(span, "this kind of YAML value has no meaning here");
      return undefined;
    }
    const isLostInteger = !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(node?.source ?? "");
    if (!Number.isFinite(value)) this.reporter.report(span, `${node?.source} is not a number to work with`);
    else if (isLostInteger) this.reporter.report(span, `${node?.source} is too large to be kept exactly`);
    return Number.isFinite(value) && !isLostInteger ? value : undefined;
  }

  private spanOf(node: Node | null, use: Span | undefined): Span {
    if (use !== undefined) return use;
    const range = node?.range;
    return range == null ? topOf(this.file) : this.span(range[0], range[1]);
  }
}
