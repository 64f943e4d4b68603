/**
 * The pipeline file with every default written out: what `plan --resolved` prints. Comments and order stay as written;
 * `--set` and expressions are filled in where all cycles of a step agree, and left as written where they do not.
 */
import { readFileSync } from "node:fs";
import { isMap, parseDocument, type Document, type YAMLMap } from "yaml";
import { canonicalJson, type Json } from "../core/canonicalJson.ts";
import type { Graph, Step } from "../core/Graph.ts";

export function resolvedYaml(graph: Graph): string {
  const document = parseDocument(readFileSync(graph.file, "utf8"));
  const byDeclaration = Map.groupBy(graph.steps, (step) => step.declaredAs);
  document.set("seed", graph.seed);
  for (const [name, value] of Object.entries(graph.params)) document.setIn(["params", name], value);
  const steps = document.get("steps");
  if (isMap(steps)) resolveSteps(document, steps, "", byDeclaration);
  return document.toString({ lineWidth: 120 });
}

function resolveSteps(
  document: Document,
  steps: YAMLMap,
  prefix: string,
  byDeclaration: ReadonlyMap<string, ReadonlyArray<Step>>,
): void {
  for (const { key, value: node } of steps.items) {
    if (!isMap(node)) continue;
    const name = `${prefix}${String(key)}`;
    const body = node.get("steps");
    if (isMap(body)) resolveSteps(document, body, `${name}.`, byDeclaration);
    else writeConfig(document, node, byDeclaration.get(name) ?? []);
  }
}

function writeConfig(document: Document, node: YAMLMap, instances: ReadonlyArray<Step>): void {
  for (const [field, value] of Object.entries(instances[0]?.encodedConfig ?? {})) {
    const agree = instances.every((step) => sameJson(step.encodedConfig[field], value));
    if (!agree || value === undefined) continue;
    if (!isMap(node.get("with"))) node.set("with", document.createNode({}));
    if (!sameJson(plain(node, field), value)) node.setIn(["with", field], document.createNode(value));
  }
}

/** What is written for a field now; kept as it is where it means the same. */
function plain(node: YAMLMap, field: string): Json | undefined {
  const written = node.toJSON() as { readonly with?: { readonly [field: string]: Json } };
  return written.with?.[field];
}

const sameJson = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b));
