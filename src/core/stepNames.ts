/**
 * Step names as people write them on the command line. Every command understands the same ones: an id, `loop[last].step`, a cell
 * with its axes in any order and its numbers in any spelling, and `loop.name`, a carried value after its loop.
 */
import type { Graph, Link } from "./Graph.ts";
import { closest, listed, quoted } from "./suggest.ts";

/** What names are looked up in: a graph, or the steps that a run remembers. */
export interface KnownSteps {
  readonly ids: ReadonlyArray<string>;
  /** Of `distil` or `distil[loss=mse]`: its last cycle; undefined where it is no loop, or has none. */
  readonly lastCycle: (loop: string) => number | undefined;
}

/** Loops are as long as the graph says: of those that may stop, settle it first (decisions.ts). */
export const stepsIn = ({ steps, loops }: Graph): KnownSteps => ({
  ids: steps.map(({ id }) => id),
  lastCycle: (loop) => loops.find(({ id }) => id === loop)?.cycles || undefined,
});

/** `distil[last].x` and `bi0[seed=1,loss=bce]` as ids spell them, outermost brackets first; what names nothing stays as written. */
export function asIdsSpell(written: string, known: KnownSteps): string {
  let [done, rest] = ["", written];
  for (;;) {
    const [whole, name, inside] = /^([^[]*)\[([^\]]*)\]/.exec(rest) ?? [];
    if (whole === undefined) return done + rest;
    const owner = done + name!;
    done = `${owner}[${spelled(owner, inside!.trim(), known)}]`;
    rest = rest.slice(whole.length);
  }
}

function spelled(owner: string, inside: string, { ids, lastCycle }: KnownSteps): string {
  if (inside === "last") return String(lastCycle(owner) ?? inside);
  if (!inside.includes("=")) return inside;
  const start = `${owner}[`;
  const labels = ids.flatMap((id) =>
    id.startsWith(start) ? [id.slice(start.length, id.indexOf("]", start.length))] : [],
  );
  return labels.find((label) => isSameCell(label, inside)) ?? inside;
}

function isSameCell(label: string, written: string): boolean {
  const [axes, given] = [label, written].map(axesOf);
  return axes!.size === given!.size && [...axes!].every(([axis, value]) => isSameValue(value, given!.get(axis)));
}

const axesOf = (label: string): ReadonlyMap<string, string> =>
  new Map(label.split(",").map((part) => part.split("=", 2).map((text) => text.trim()) as [string, string]));

/** `3e-5` and `0.00003` are one number. */
const isSameValue = (value: string | undefined, other: string | undefined): boolean =>
  value === other || (!!value && !!other && Number(value) === Number(other));

/** What a carried value may be after its loop, `loop.name`: more than one output only where the loop may stop. */
export function carriedAs({ loops }: Graph, name: string): ReadonlyArray<Link> {
  const dot = name.lastIndexOf(".");
  const loop = loops.find(({ id }) => id === name.slice(0, Math.max(0, dot)));
  const found: Array<Link> = [];
  for (let link = loop?.carried[name.slice(dot + 1)]; link !== undefined; link = link.otherwise) found.push(link);
  return found;
}

/** The hint for a name that no step has: the step whose port it names, or a likely one, or what there is. */
export function stepHint(graph: Graph, written: string): string {
  const { ids } = stepsIn(graph);
  const owner = written.slice(0, Math.max(0, written.lastIndexOf(".")));
  const carried = graph.loops.flatMap((loop) => Object.keys(loop.carried).map((name) => `${loop.id}.${name}`));
  const likely = ids.includes(owner) ? owner : closest(written, [...ids, ...carried]);
  return likely === undefined ? `steps: ${listed(ids)}` : `did you mean ${quoted(likely)}?`;
}
