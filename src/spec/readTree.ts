/**
 * A pipeline file as one tree: its text, merged over the file that it `extends`, and so on. Every node keeps the place where it
 * was written, so that a mistake in what is inherited is shown in the file that has it.
 *
 * Mappings merge member by member, at any depth; everything else is replaced, and `~` takes out what is inherited. A step that
 * names another stage does not inherit settings, which would be another stage's. `name` is each file's own.
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { quoted } from "../core/suggest.ts";
import { readYaml } from "./readYaml.ts";
import type { Place, Reporter } from "./Reporter.ts";
import { entryOf, isEmptyNode, type Entry, type MappingNode, type YamlNode } from "./YamlNode.ts";

/** A pipeline file is at most 10 MB. */
const maxFileBytes = 10_000_000;

/** The tree of a file as the user named it; undefined where it, or a file it extends, cannot be read, which is reported. */
export const readTree = (file: string, cwd: string, reporter: Reporter): YamlNode | undefined =>
  readOne([file], cwd, { argument: file }, reporter);

/** `chain`: from the pipeline file to the one to read; `place`: what names it. */
function readOne(chain: ReadonlyArray<string>, cwd: string, place: Place, reporter: Reporter): YamlNode | undefined {
  const file = chain.at(-1)!;
  const text = readText(resolve(cwd, file), file, place, reporter);
  const own = text === undefined ? undefined : readYaml(text, reporter, chain.length === 1 ? undefined : file);
  const given = own === undefined ? undefined : entryOf(own, "extends")?.value;
  // What is no text is a mistake of form, and reported as such later.
  if (given?.kind !== "scalar" || typeof given.value !== "string" || given.value === "") return own;
  if (given.value.includes("${"))
    return void reporter.report(given.span, "`extends` is literal: no expression can stand here");
  const base = isAbsolute(given.value) ? given.value : join(dirname(file), given.value);
  const paths = chain.map((each) => resolve(cwd, each));
  const from = paths.indexOf(resolve(cwd, base));
  if (from >= 0) {
    const round = [...chain.slice(from), chain[from]!].join(" → ");
    return void reporter.report(
      given.span,
      `these files extend each other in a circle: ${round}`,
      "take one of them out",
    );
  }
  const inherited = readOne([...chain, base], cwd, given.span, reporter);
  return inherited === undefined ? undefined : mergedOver(without(inherited, ["name", "extends"]), own!);
}

const without = (node: YamlNode, keys: ReadonlyArray<string>): YamlNode =>
  node.kind === "mapping" ? { ...node, entries: node.entries.filter(({ key }) => !keys.includes(key)) } : node;

function mergedOver(base: YamlNode, own: YamlNode): YamlNode {
  if (base.kind !== "mapping" || own.kind !== "mapping" || isOtherKind(base, own)) return own;
  const kept = isOtherStage(base, own) ? without(base, ["with"]) : base;
  const entries = new Map((kept as MappingNode).entries.map((entry) => [entry.key, entry]));
  for (const entry of own.entries) {
    const inherited: Entry | undefined = entries.get(entry.key);
    if (inherited === undefined) entries.set(entry.key, entry);
    else if (isEmptyNode(entry.value)) entries.delete(entry.key);
    else entries.set(entry.key, { ...entry, value: mergedOver(inherited.value, entry.value) });
  }
  return { kind: "mapping", entries: [...entries.values()], span: own.span };
}

/** A loop over a step of the same name, or the other way round. */
const isOtherKind = (base: MappingNode, own: MappingNode): boolean =>
  [
    [base, own],
    [own, base],
  ].some(([a, b]) => entryOf(a!, "uses") !== undefined && entryOf(b!, "steps") !== undefined);

function isOtherStage(base: MappingNode, own: MappingNode): boolean {
  const [before, now] = [base, own].map((node) => entryOf(node, "uses")?.value);
  return before?.kind === "scalar" && now?.kind === "scalar" && before.value !== now.value;
}

function readText(path: string, file: string, place: Place, reporter: Reporter): string | undefined {
  // An argument is shown as the place itself.
  const isAsked = "argument" in place;
  const what = isAsked ? "this file" : quoted(file);
  try {
    const { size } = statSync(path);
    if (size <= maxFileBytes) return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    reporter.report(place, `${what} has ${(size / 1e6).toFixed(1)} MB; a pipeline file has at most 10 MB`);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === "ENOENT") reportMissing(file, place, reporter);
    else if (code === "EISDIR") reporter.report(place, `${isAsked ? "this" : what} is a folder, not a pipeline file`);
    else if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") reporter.report(place, `${what} is not UTF-8 text`);
    else reporter.report(place, `${what} cannot be read (${quoted(code ?? String(error))})`);
  }
  return undefined;
}

function reportMissing(file: string, place: Place, reporter: Reporter): void {
  if ("argument" in place) {
    const hint = "give the path of a YAML file, for example `pipelines/transencoder.yaml`";
    reporter.report(place, "there is no such pipeline file", hint);
  } else {
    const hint = "`extends` is a path from the file that it stands in";
    reporter.report(place, `there is no pipeline file ${quoted(file)}`, hint);
  }
}
