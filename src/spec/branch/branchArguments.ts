/** What `branch` is asked for, checked against the file: the loop and cycle to go on from, and the settings to change. */
import { isMap, isScalar } from "yaml";
import type { Document, YAMLMap } from "yaml";
import type { Json } from "../../core/canonicalJson.ts";
import type { Graph, LoopInfo } from "../../core/Graph.ts";
import { counted, nameHint, quoted } from "../../core/suggest.ts";
import { yamlValue } from "../params.ts";
import type { Reporter } from "../Reporter.ts";
import { readCycle, readReference } from "./loopReference.ts";
import type { LoopSplit } from "./moveLinks.ts";
import { entryAt, flowText } from "./yamlText.ts";

/** A setting of a step of the loop, and its value in the new one. */
export interface Change {
  /** The step's name in the loop; `inner.student` in a loop of that loop. */
  readonly step: string;
  /** The setting, in parts where nested. */
  readonly path: ReadonlyArray<string>;
  readonly value: Json;
  /** The value as the file has it: `1e-5` stays that. */
  readonly text: string;
  /** As the user wrote it. */
  readonly argument: string;
  /** As `run` takes it: `distil.student.learningRate=1e-5`. */
  readonly full: string;
  /** What the original has; null where it has nothing. */
  readonly before?: Json;
}

interface Asked {
  readonly from: string;
  readonly cycles: number | undefined;
}

/** Undefined where `--from` or `--cycles` is wrong, which is reported. */
export function readBranchPoint(
  { from, cycles }: Asked,
  document: Document,
  graph: Graph,
  reporter: Reporter,
): LoopSplit | undefined {
  const place = { argument: `--from ${from}` };
  const asked = readReference(from);
  if (asked === undefined) return void reporter.report(place, `${quoted(from)} names no cycle`, exampleHint(graph));
  const { name, brackets, rest } = asked;
  const members = membersOf(document.contents as YAMLMap);
  const loop = loopOf(graph, name);
  if (loop === undefined || !members.has(name)) return noLoop(name, members, graph, reporter, place);
  const cycle = readCycle(brackets[0]);
  if (cycle === undefined || cycle === "all" || brackets.length > 1)
    return void reporter.report(place, `${quoted(from)} names no cycle`, `write --from '${name}[2]'`);
  if (rest !== "")
    return void reporter.report(place, "a branch goes on from a whole cycle", `write --from '${name}[${brackets[0]}]'`);
  const kept = cycle === "last" ? loop.cycles : cycle;
  if (kept < 1 || kept > loop.cycles) {
    const range = loop.cycles === 0 ? "it has none to go on from" : `its cycles are 1 to ${loop.cycles}`;
    return void reporter.report(place, `loop ${quoted(name)} has no cycle ${kept}`, range);
  }
  const further = cycles ?? loop.cycles - kept;
  if (further < 1) {
    const message = `loop ${quoted(name)} has ${counted(loop.cycles, "cycle")}, so none is left after cycle ${kept}`;
    return void reporter.report(place, message, "say how many the branch has: --cycles 1");
  }
  const node = members.get(name);
  const hasMatrix = isMap(node) && entryAt(node, "matrix") !== undefined;
  return { loop: name, newLoop: freeName(name, members), hasMatrix, kept, further };
}

/** Of a loop with a matrix, one of its cells: all have as many cycles. */
const loopOf = ({ loops }: Graph, name: string): LoopInfo | undefined =>
  loops.find(({ id }) => id === name || (id.startsWith(`${name}[`) && id.indexOf("]") === id.length - 1));

function exampleHint({ loops }: Graph): string {
  const [loop] = loops;
  return loop === undefined ? "the file has no loop" : `write --from '${loop.id}[${Math.max(1, loop.cycles - 1)}]'`;
}

function noLoop(
  name: string,
  members: ReadonlyMap<string, unknown>,
  graph: Graph,
  reporter: Reporter,
  place: { readonly argument: string },
): undefined {
  const outermost = graph.loops.map(({ id }) => id).filter((id) => !/[.[]/.test(id));
  const inside = graph.loops.find(({ id }) => id.split(".").at(-1) === name && id !== name);
  const hint = nameHint(name, outermost, "loops");
  if (members.has(name) && !outermost.includes(name))
    reporter.report(place, `${quoted(name)} is a step, not a loop`, hint);
  else if (inside !== undefined) {
    const [outer] = inside.id.split("[");
    const message = `loop ${quoted(name)} stands inside ${quoted(outer!)}`;
    reporter.report(place, message, `go on from a cycle of the outer one: --from '${outer}[1]'`);
  } else if (outermost.includes(name))
    reporter.report(place, `loop ${quoted(name)} is not written in this file`, "branch the file that has it");
  else reporter.report(place, `there is no loop ${quoted(name)}`, hint);
  return undefined;
}

function membersOf(owner: YAMLMap): ReadonlyMap<string, unknown> {
  const steps = isMap(owner) ? entryAt(owner, "steps")?.value : undefined;
  if (!isMap(steps)) return new Map();
  return new Map(steps.items.flatMap(({ key, value }) => (isScalar(key) ? [[String(key.value), value] as const] : [])));
}

/** `distil2`; of a branch's own loop `distil3`. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  const [, base, number] = /^(.*?)(\d*)$/.exec(name)!;
  for (let next = Number(number || 1) + 1; ; next++) if (!taken.has(`${base}${next}`)) return `${base}${next}`;
}

/** The `--set`s that name a setting; those that name no step of the loop are reported. */
export function readChanges(
  sets: ReadonlyArray<string>,
  loop: YAMLMap,
  split: LoopSplit,
  reporter: Reporter,
): ReadonlyArray<Change> {
  return sets.flatMap((set) => {
    const argument = `--set ${set}`;
    const equals = set.indexOf("=");
    if (equals < 0) {
      reporter.report(
        { argument },
        "`--set` takes step.setting=value",
        "for example `--set student.learningRate=1e-5`",
      );
      return [];
    }
    const parts = set.slice(0, equals).trim().split(".");
    const named = parts[0] === split.loop && !membersOf(loop).has(split.loop) ? parts.slice(1) : parts;
    const found = stepOf(named, loop, split, argument, reporter);
    if (found === undefined) return [];
    const value = yamlValue(set.slice(equals + 1));
    const raw = set.slice(equals + 1).trim();
    const text = typeof value === "number" || typeof value === "boolean" ? raw : flowText(value);
    const full = `${split.loop}.${named.join(".")}=${set.slice(equals + 1)}`;
    return [{ ...found, value, text, argument, full }];
  });
}

function stepOf(
  parts: ReadonlyArray<string>,
  loop: YAMLMap,
  split: LoopSplit,
  argument: string,
  reporter: Reporter,
): Pick<Change, "step" | "path"> | undefined {
  let owner = loop;
  for (const [index, part] of parts.entries()) {
    const members = membersOf(owner);
    if (!members.has(part)) {
      const what = `there is no step ${quoted(parts.slice(0, index + 1).join("."))} in loop ${quoted(split.loop)}`;
      reporter.report({ argument }, what, nameHint(part, members.keys(), "its steps"));
      return undefined;
    }
    const member = members.get(part);
    if (isMap(member) && entryAt(member, "steps") !== undefined) {
      owner = member;
      continue;
    }
    const path = parts.slice(index + 1);
    if (path.length > 0) return { step: parts.slice(0, index + 1).join("."), path };
    break;
  }
  const message = `${quoted(parts.join("."))} is not a setting`;
  reporter.report({ argument }, message, "write step.setting=value, for example `--set student.learningRate=1e-5`");
  return undefined;
}
