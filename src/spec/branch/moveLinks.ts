/** The links of a file that name the loop which is branched, rewritten for the two loops it becomes. */
import { isMap, isScalar, isSeq } from "yaml";
import type { Document, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { Json } from "../../core/canonicalJson.ts";
import { counted, quoted } from "../../core/suggest.ts";
import { readCycle, readReference } from "./loopReference.ts";
import { entryAt, lineBreakOf, type TextEdit } from "./yamlText.ts";

export interface LoopSplit {
  readonly loop: string;
  readonly newLoop: string;
  /** The first brackets behind its name are a cell's then. */
  readonly hasMatrix: boolean;
  /** Cycles that stay in `loop`. */
  readonly kept: number;
  /** Cycles of `newLoop`. */
  readonly further: number;
}

/** A link that cannot be moved. */
export interface LinkMistake {
  readonly start: number;
  readonly length: number;
  readonly message: string;
  readonly hint: string;
}

interface Moving {
  readonly text: string;
  readonly split: LoopSplit;
  readonly params: { readonly [name: string]: Json };
  readonly edits: Array<TextEdit>;
  readonly mistakes: Array<LinkMistake>;
}

const loopKeys = ["repeat", "steps", "carry", "next", "stop"];

/** Edits for every link outside of the loop: `loop.name` and `loop[last]` mean the new one, `loop[*]` both, `loop[k]` the one that has the cycle. */
export function moveLinks(
  text: string,
  document: Document,
  split: LoopSplit,
  params: { readonly [name: string]: Json },
): { readonly edits: ReadonlyArray<TextEdit>; readonly mistakes: ReadonlyArray<LinkMistake> } {
  const moving: Moving = { text, split, params, edits: [], mistakes: [] };
  const root = document.contents;
  if (isMap(root)) {
    moveBlock(root, true, moving);
    moveNamed(root, "outputs", moving);
  }
  return moving;
}

/** `isTop`: the loop itself stands here. */
function moveBlock(owner: YAMLMap, isTop: boolean, moving: Moving): void {
  const { loop } = moving.split;
  const steps = entryAt(owner, "steps")?.value;
  if (!isMap(steps)) return;
  for (const { key, value } of steps.items) {
    if (!isMap(value) || (isTop && isScalar(key) && key.value === loop)) continue;
    moveNamed(value, "in", moving);
    if (!loopKeys.some((name) => entryAt(value, name) !== undefined)) continue;
    moveNamed(value, "carry", moving);
    // Inside, a step or a carried value of the same name is meant instead.
    if (hasName(value, "steps", loop) || hasName(value, "carry", loop)) continue;
    moveNamed(value, "next", moving);
    moveBlock(value, false, moving);
  }
}

function hasName(owner: YAMLMap, section: string, name: string): boolean {
  const names = entryAt(owner, section)?.value;
  return isMap(names) && entryAt(names, name) !== undefined;
}

/** What an alias stands for is rewritten where it is written. */
function moveNamed(owner: YAMLMap, section: string, moving: Moving): void {
  const links = entryAt(owner, section)?.value;
  if (!isMap(links)) return;
  for (const { value } of links.items) {
    if (isScalar(value)) moveLink(value, undefined, moving);
    else if (isSeq(value)) for (const item of value.items) if (isScalar(item)) moveLink(item, value, moving);
  }
}

function moveLink(node: Scalar, list: YAMLSeq | undefined, moving: Moving): void {
  const { split, edits, text } = moving;
  const link = readReference(String(node.value));
  if (link?.name !== split.loop) return;
  const cell = split.hasMatrix && link.brackets[0] !== undefined ? `[${link.brackets[0]}]` : "";
  const written = link.brackets[split.hasMatrix ? 1 : 0];
  const to = (loop: string, cycle: string) => `${loop}${cell}${cycle}${link.rest}`;
  if (written === undefined) return void edits.push(replaced(node, to(split.newLoop, ""), text));
  const cycle = readCycle(filledIn(written, moving.params));
  if (cycle === undefined) mistaken(node, moving, "names a cycle by an expression", "write its number");
  else if (cycle === "last") edits.push(replaced(node, to(split.newLoop, "[last]"), text));
  else if (cycle === "all") edits.push(bothLoops(node, list, [to(split.loop, "[*]"), to(split.newLoop, "[*]")], text));
  else if (cycle > split.kept + split.further) {
    const has = `${quoted(split.newLoop)} has ${counted(split.further, "cycle")}`;
    const message = `names a cycle that the branch does not have: ${has}`;
    mistaken(node, moving, message, `make it longer: --cycles ${cycle - split.kept}`);
  } else if (cycle > split.kept) edits.push(replaced(node, to(split.newLoop, `[${cycle - split.kept}]`), text));
}

function mistaken(node: Scalar, { mistakes }: Moving, message: string, hint: string): void {
  const [start, end] = node.range!;
  mistakes.push({ start, length: end - start, message: `the link ${quoted(String(node.value))} ${message}`, hint });
}

const filledIn = (link: string, params: Moving["params"]): string =>
  link.replaceAll(/\$\{\s*params\.([\w-]+)\s*\}/g, (whole, name: string) => String(params[name] ?? whole));

/** With the quotes it had. */
function replaced({ range, value }: Scalar, link: string, text: string): TextEdit {
  const [start, end] = range!;
  const raw = text.slice(start, end);
  const isAsWritten = raw.includes(String(value));
  return { start, end, text: isAsWritten ? raw.replace(String(value), () => link) : JSON.stringify(link) };
}

/** A link to every cycle becomes two, in a list: the one it stands in, or a new one. */
function bothLoops(node: Scalar, list: YAMLSeq | undefined, links: readonly [string, string], text: string): TextEdit {
  const [start, end] = node.range!;
  const [one, other] = links.map((link) => JSON.stringify(link));
  if (list === undefined) return { start, end, text: `[${one}, ${other}]` };
  if (list.flow === true) return { start, end, text: `${one}, ${other}` };
  const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  const dash = /^\s*- */.exec(line)?.[0] ?? "- ";
  return { start, end, text: `${one}${lineBreakOf(text)}${dash}${other}` };
}
