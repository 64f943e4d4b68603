/**
 * The pipeline file with every default written out: what `plan --resolved` prints. Comments and order stay as written;
 * `--set` and expressions are filled in where all cycles and cells of a step agree, and left as written where they do not. A
 * variant is printed merged with what it extends, so that it stands by itself; paths are printed as seen from its folder.
 */
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { type Document, isMap, parseDocument, type YAMLMap } from "yaml";
import { canonicalJson, type Json } from "../core/canonicalJson.ts";
import type { Graph, Step } from "../core/Graph.ts";
import { stages } from "../../stages/index.ts";
import { stageFinder } from "../spec/branch/movePaths.ts";
import { withPaths } from "../spec/pathFields.ts";
import { layOut, wholeDocument } from "../spec/wholeDocument.ts";

export function resolvedYaml(graph: Graph): string {
  const written = parseDocument(readFileSync(graph.file, "utf8"));
  const isVariant = written.has("extends");
  const folder = dirname(graph.file);
  const document: Document = isVariant ? wholeDocument(graph, folder, stageFinder(graph, stages)) : written;
  const byDeclaration = Map.groupBy(graph.steps, (step) => step.declaredAs);
  document.set("seed", graph.seed);
  if (!isVariant) for (const [name, value] of Object.entries(graph.params)) document.setIn(["params", name], value);
  const steps = document.get("steps");
  if (isMap(steps)) resolveSteps(document, steps, "", byDeclaration, folder);
  if (isVariant) layOut(document);
  return document.toString({ lineWidth: 120 });
}

function resolveSteps(
  document: Document,
  steps: YAMLMap,
  prefix: string,
  byDeclaration: ReadonlyMap<string, ReadonlyArray<Step>>,
  folder: string,
): void {
  for (const { key, value: node } of steps.items) {
    if (!isMap(node)) continue;
    const name = `${prefix}${String(key)}`;
    const body = node.get("steps");
    if (isMap(body)) {
      resolveSteps(document, body, `${name}.`, byDeclaration, folder);
      writeStop(document, node, byDeclaration.get(`${name}.stop`) ?? []);
    } else writeConfig(document, node, byDeclaration.get(name) ?? [], folder);
  }
}

/** Of a loop's decisions what is not the metric, which is a link: it stays as written. */
function writeStop(document: Document, loop: YAMLMap, [decision, ...others]: ReadonlyArray<Step>): void {
  if (decision === undefined || !isMap(loop.get("stop"))) return;
  for (const [field, value] of Object.entries(decision.encodedConfig)) {
    const agree = others.every(({ encodedConfig }) => sameJson(encodedConfig[field], value));
    if (field !== "metric" && agree && value !== undefined) loop.setIn(["stop", field], document.createNode(value));
  }
}

function writeConfig(document: Document, node: YAMLMap, instances: ReadonlyArray<Step>, folder: string): void {
  const [first, ...others] = instances.map((step) => settingsFrom(folder, step));
  for (const [field, value] of Object.entries(first ?? {})) {
    const agree = others.every((settings) => sameJson(settings[field], value));
    if (!agree || value === undefined) continue;
    if (!isMap(node.get("with"))) node.set("with", document.createNode({}));
    if (!sameJson(plain(node, field), value)) node.setIn(["with", field], document.createNode(value));
  }
}

/** The settings as they have to be written in a file of the folder: a path that was written elsewhere leads there from here. */
function settingsFrom(folder: string, { stage, paths, encodedConfig }: Step): Step["encodedConfig"] {
  const seen = paths.map(({ pattern, written, isRemote }) =>
    isRemote === true || resolve(folder, written) === pattern ? written : relative(folder, pattern),
  );
  return withPaths(stage.config.ast, encodedConfig as Json, seen) as Step["encodedConfig"];
}

/** What is written for a field now; kept as it is where it means the same. */
function plain(node: YAMLMap, field: string): Json | undefined {
  const written = node.toJSON() as { readonly with?: { readonly [field: string]: Json } };
  return written.with?.[field];
}

const sameJson = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b));
