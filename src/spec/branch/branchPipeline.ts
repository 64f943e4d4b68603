/**
 * A branch of a pipeline: a new file in which a loop ends after some of its cycles, and a second loop of the same steps goes on
 * from there with other settings. Keys know nothing of names and cycles, so whatever came before is shared with the original.
 */
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import * as Effect from "effect/Effect";
import { LineCounter, isMap, isScalar, parseDocument } from "yaml";
import type { Document, YAMLMap } from "yaml";
import type { Json } from "../../core/canonicalJson.ts";
import { type Diagnostic, InvalidPipeline } from "../../core/Diagnostic.ts";
import type { Graph } from "../../core/Graph.ts";
import { quoted } from "../../core/suggest.ts";
import { loadPipeline, type PipelineRequest } from "../loadPipeline.ts";
import { makeReporter } from "../Reporter.ts";
import { readBranchPoint, readChanges, type Change } from "./branchArguments.ts";
import { moveLinks, type LoopSplit } from "./moveLinks.ts";
import { leadingParam, movedPath, movePaths, pathParams, stageFinder } from "./movePaths.ts";
import { layOut, wholeDocument } from "../wholeDocument.ts";
import { applyEdits, copyEntry, entryAt, flowText, setValue, type TextEdit } from "./yamlText.ts";

export interface BranchRequest extends PipelineRequest {
  /** `distil[2]`: the last cycle that stays as it is. */
  readonly from: string;
  /** Cycles after that; absent: as many as the loop has left. */
  readonly cycles: number | undefined;
  /** Where the new file will be, relative to `cwd`. */
  readonly to: string;
}

export interface Branch extends LoopSplit {
  readonly text: string;
  readonly changes: ReadonlyArray<Change>;
  /** What a reader of the new file should know. */
  readonly notes: ReadonlyArray<string>;
}

/** The text of the new file; fails with every mistake of the file and the arguments. Writes nothing. */
export const branchPipeline = Effect.fn("spec.branchPipeline")(function* (request: BranchRequest) {
  const { file, sets } = request;
  const graph = yield* loadPipeline({ ...request, sets: sets.filter((set) => !isChange(set)) });
  const original = originalOf(request, graph);
  const { text } = original;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, uniqueKeys: false });
  const reporter = makeReporter(file);
  const split = readBranchPoint(request, document, graph, reporter);
  const changes =
    split === undefined ? [] : readChanges(sets.filter(isChange), loopNode(document, split.loop), split, reporter);
  if (split === undefined || reporter.count() > 0)
    return yield* new InvalidPipeline({ diagnostics: reporter.sorted() });
  yield* checkChanges(request, changes);
  const links = moveLinks(text, document, split, graph.params);
  for (const { start, length, message, hint } of links.mistakes) {
    const { line, col } = lines.linePos(start);
    reporter.report({ line, column: col, length }, message, hint);
  }
  if (reporter.count() > 0) return yield* new InvalidPipeline({ diagnostics: reporter.sorted() });
  const branched = written(request, { document, original, graph, split, changes, moved: links.edits });
  const notes = notesOf(original, document, split);
  return { ...split, text: branched, changes: told(changes, graph, split), notes };
});

interface Original {
  readonly text: string;
  /** Where the paths in it resolve from. */
  readonly folder: string;
  readonly isVariant: boolean;
}

/** The author's text; of a variant, which is meant as one with what it extends, the whole as it reads from the new file's folder. */
function originalOf(request: BranchRequest, graph: Graph): Original {
  const { from, to } = foldersOf(request);
  const text = readFileSync(graph.file, "utf8").replace(/^\uFEFF/, "");
  if (!parseDocument(text, { merge: true, uniqueKeys: false }).has("extends"))
    return { text, folder: from, isVariant: false };
  const document = wholeDocument(graph, to, stageFinder(graph, request.stages));
  layOut(document);
  return { text: document.toString({ lineWidth: 0 }), folder: to, isVariant: true };
}

const loopNode = (document: Document, loop: string): YAMLMap => document.getIn(["steps", loop]) as YAMLMap;

/** The settings of the loop's steps, checked as `run` checks them; mistakes name the argument as it was written. */
const checkChanges = Effect.fnUntraced(function* (request: BranchRequest, changes: ReadonlyArray<Change>) {
  const written = new Map(changes.map(({ full, argument }) => [`--set ${full}`, argument]));
  const sets = [...request.sets.filter((set) => !isChange(set)), ...changes.map((change) => change.full)];
  const asWritten = (each: Diagnostic): Diagnostic => {
    const argument = written.get(each.argument ?? "");
    return argument === undefined ? each : { ...each, argument };
  };
  yield* loadPipeline({ ...request, sets }).pipe(
    Effect.catchTag("InvalidPipeline", ({ diagnostics }) =>
      Effect.fail(new InvalidPipeline({ diagnostics: diagnostics.map(asWritten) })),
    ),
  );
});

/** `--set student.epochs=2` is a setting of a step, `--set cycles=4` a parameter of the file. */
const isChange = (set: string): boolean => set.split("=")[0]!.includes(".");

interface Writing {
  readonly document: Document;
  readonly original: Original;
  readonly graph: Graph;
  readonly split: LoopSplit;
  readonly changes: ReadonlyArray<Change>;
  readonly moved: ReadonlyArray<TextEdit>;
}

function written(request: BranchRequest, { document, original, graph, split, changes, moved }: Writing): string {
  const { loop, newLoop, kept, further } = split;
  const { text, folder: from } = original;
  const { to } = foldersOf(request);
  const given = new Set(request.sets.map((set) => set.split("=")[0]!.trim()));
  const paths = movePaths(document, stageFinder(graph, request.stages), from, to, (param) => given.has(param));
  let result = applyEdits(text, [...moved, ...paths]);
  result = withArguments(result, request, graph, pathParams(document, stageFinder(graph, request.stages)));
  const change = changes.map(({ step, path, text: value }) => `${[step, ...path].join(".")}: ${value}`).join(", ");
  const comment = `Goes on from cycle ${kept} of ${loop}${change === "" ? "" : `, with ${change}`}.`;
  result = copyEntry(result, ["steps"], loop, newLoop, comment);
  result = setValue(result, ["steps", loop, "repeat"], kept);
  result = setValue(result, ["steps", newLoop, "repeat"], further);
  const carry = entryAt(loopNode(document, loop), "carry")?.value;
  for (const name of isMap(carry) ? carry.items.map(({ key }) => String((key as { value: unknown }).value)) : [])
    result = setValue(result, ["steps", newLoop, "carry", name], `${loop}.${name}`);
  for (const { step, path, value, text: raw } of changes) {
    const [moved, asText] = movedValue(request, graph, split, step, path, value, raw);
    result = setValue(result, ["steps", newLoop, ...stepPath(step), "with", ...path], moved, asText);
  }
  return `${headOf(request, split)}${withSchemaLine(result, from, to)}`;
}

/** `inner.student` is `steps.inner.steps.student` in a loop. */
const stepPath = (step: string): ReadonlyArray<string> => step.split(".").flatMap((name) => ["steps", name]);

function foldersOf({ file, to, cwd }: BranchRequest) {
  return { from: dirname(resolve(cwd, file)), to: dirname(resolve(cwd, to)) };
}

/** What `--set` says of parameters and the seed is the new file's own. */
function withArguments(text: string, request: BranchRequest, graph: Graph, paths: ReadonlySet<string>): string {
  const { to } = foldersOf(request);
  const names = request.sets.map((set) => set.split("=")[0]!.trim());
  return names.reduce((before, name) => {
    if (name === "seed" && !Object.hasOwn(graph.params, "seed")) return setValue(before, ["seed"], graph.seed);
    if (!Object.hasOwn(graph.params, name)) return before;
    const value = graph.params[name]!;
    const moved = (item: Json): Json =>
      typeof item === "string" && paths.has(name) ? movedPath(item, request.cwd, to) : item;
    return setValue(before, ["params", name], Array.isArray(value) ? value.map(moved) : moved(value));
  }, text);
}

/** A path given by `--set` is the working directory's; in the file it is the file's. */
function movedValue(
  request: BranchRequest,
  graph: Graph,
  { loop }: LoopSplit,
  step: string,
  path: ReadonlyArray<string>,
  value: Json,
  raw: string,
): readonly [Json, string] {
  const declared = graph.steps.find((each) => each.declaredAs === `${loop}.${step}`);
  const isPath = declared?.paths.some(({ field, isRemote }) => field === path.join(".") && isRemote !== true) === true;
  if (!isPath || typeof value !== "string") return [value, raw];
  const moved = movedPath(value, request.cwd, foldersOf(request).to);
  return [moved, flowText(moved)];
}

const headOf = ({ file, to, cwd }: BranchRequest, { loop, kept }: LoopSplit): string => {
  const original = relative(dirname(resolve(cwd, to)), resolve(cwd, file));
  return `# A branch of ${original} after cycle ${kept} of ${loop}; what it shares with that file runs once.\n`;
};

/** The line that tells editors where the schema is names it from the file. */
const withSchemaLine = (text: string, from: string, to: string): string =>
  text.replace(/^(#\s*yaml-language-server:\s*\$schema=)(\S+)/m, (_, start: string, schema: string) =>
    start.concat(/^[a-z]+:\/\//i.test(schema) ? schema : movedPath(schema, from, to)),
  );

/** With the value that the original has, for the message. */
const told = (changes: ReadonlyArray<Change>, graph: Graph, { loop }: LoopSplit): ReadonlyArray<Change> =>
  changes.map((change) => {
    const step = graph.steps.findLast((each) => each.declaredAs === `${loop}.${change.step}`);
    const before = change.path.reduce<Json | undefined>(
      (value, key) => (value as { readonly [key: string]: Json } | undefined)?.[key],
      step?.encodedConfig as Json | undefined,
    );
    return { ...change, before: before ?? null };
  });

function notesOf(
  { text, isVariant }: Original,
  document: Document,
  { loop, newLoop, kept }: LoopSplit,
): ReadonlyArray<string> {
  const notes: Array<string> = [];
  if (isVariant)
    notes.push("the branch stands by itself: what the file extends is written out in it, without comments");
  const node = loopNode(document, loop);
  const [start, end] = node.range!;
  if (/\$\{\s*cycle\s*\}/.test(text.slice(start, end)))
    notes.push(`${newLoop} counts its cycles from 1: \`\${cycle}\` is 1 in its first, where ${loop} had ${kept + 1}`);
  const repeat = entryAt(node, "repeat")?.value;
  const param = isScalar(repeat) ? leadingParam(String(repeat.value)) : undefined;
  if (param !== undefined && text.split(`params.${param}`).length === 2)
    notes.push(`nothing uses the parameter ${quoted(param)} any more: the loops say their cycles themselves`);
  return notes;
}
