/**
 * Loops that may stop. Each of their cycles ends with a decision, a step like any other: recorded, keyed by the numbers it looks
 * at, and so the same on every replay. What a decision says steers the graph without entering any key:
 *
 * - a step of a later cycle has **gates**: it runs where they say "on", and is left out where one says "stop";
 * - a link to the last cycle, or to all of them, has **conditions**: which of its candidates count is known with the decisions.
 *
 * To **settle** a step is to find out both, once all it depends on is done or left out; its links are plain afterwards.
 */
import * as Effect from "effect/Effect";
import { ArtifactStore } from "./ArtifactStore.ts";
import type { StoreError } from "./errors.ts";
import type { Outputs } from "./evaluate.ts";
import type { Graph, Link, Step } from "./Graph.ts";
import { mainPort } from "./Stage.ts";

/** The stage of decisions. Its main output decodes to a `Decision`. */
export const stopStage = "stop-loop";

export interface Decision {
  /** True where the cycle was the last one. */
  readonly stops: boolean;
}

export type Verdict = "on" | "stop";

/** What is known of the steps before. */
export interface Decided {
  /** Every decision of the graph. */
  readonly decisions: ReadonlySet<number>;
  /** The decision that left a step out; undefined where nothing did. */
  readonly leftOutBy: (index: number) => number | undefined;
  /** What a decision says; undefined while it is not known. */
  readonly says: (index: number) => Verdict | undefined;
}

export type Settled =
  | { readonly step: Step }
  | { readonly leftOutBy: number }
  /** The decision it waits for. */
  | { readonly undecided: number };

/** Every decision of a graph, by index. */
export const decisionsOf = (graph: Graph): ReadonlySet<number> =>
  new Set(graph.loops.flatMap(({ decisions }) => decisions ?? []));

export function settleStep(step: Step, decided: Decided): Settled {
  if (decided.decisions.size === 0) return { step };
  for (const gate of step.gates ?? []) {
    const leftOutBy = decided.says(gate) === "stop" ? gate : decided.leftOutBy(gate);
    if (leftOutBy !== undefined) return { leftOutBy };
    if (decided.says(gate) === undefined) return { undecided: gate };
  }
  const inputs: { [port: string]: Link | ReadonlyArray<Link> } = {};
  for (const [port, value] of Object.entries(step.inputs)) {
    const isList = Array.isArray(value);
    const found = (isList ? (value as ReadonlyArray<Link>) : [value as Link]).map((link) => settleLink(link, decided));
    const open = found.find((link) => typeof link === "number");
    if (open !== undefined) return { undecided: open };
    const links = found.filter((link) => typeof link === "object");
    const leftOutBy = links.map((link) => decided.leftOutBy(link.step)).find((by) => by !== undefined);
    if (leftOutBy !== undefined) return { leftOutBy };
    inputs[port] = isList ? links : links[0]!;
  }
  return { step: { ...step, inputs } };
}

/** The candidate of a link that counts, undefined where none does; a number is the decision to wait for. */
export function settleLink(link: Link, decided: Decided): Link | number | undefined {
  for (let candidate: Link | undefined = link; candidate !== undefined; candidate = candidate.otherwise) {
    const { step, port, when = [] } = candidate;
    let holds = true;
    for (const { decision, says } of when) {
      const said = decided.says(decision);
      if (said === undefined && decided.leftOutBy(decision) === undefined) return decision;
      holds &&= said === says;
    }
    if (holds) return { step, port };
  }
  return undefined;
}

/** What a decision says, read from its outputs. */
export const readVerdict = Effect.fnUntraced(function* (
  step: Step,
  outputs: Outputs,
): Effect.fn.Return<Verdict, StoreError, ArtifactStore> {
  const port = mainPort(step.stage);
  const bytes = yield* (yield* ArtifactStore).read(outputs[port]!.digest);
  const decision = yield* Effect.promise(() => step.outputTypes[port]!.decode(bytes) as Promise<Decision>);
  return decision.stops ? "stop" : "on";
});

/** The graph with its loops as long as they ran, its outputs and carried values those of the cycles that did: where that is known. */
export const settleGraph = (graph: Graph, decided: Decided): Graph => ({
  ...graph,
  loops: graph.loops.map((loop) => {
    const stopped = (loop.decisions ?? []).findIndex((decision) => decided.says(decision) === "stop");
    const carried = settleLinks(loop.carried, decided);
    return stopped < 0 ? { ...loop, carried } : { ...loop, carried, cycles: stopped + 1 };
  }),
  outputs: settleLinks(graph.outputs, decided),
});

const settleLinks = (links: Graph["outputs"], decided: Decided): Graph["outputs"] =>
  Object.fromEntries(
    Object.entries(links).map(([name, link]) => {
      const settled = settleLink(link, decided);
      return [name, typeof settled === "object" ? settled : lastCandidate(link)];
    }),
  );

function lastCandidate(link: Link): Link {
  let last = link;
  while (last.otherwise !== undefined) last = last.otherwise;
  return { step: last.step, port: last.port };
}
