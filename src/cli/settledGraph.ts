/** The graph as far as the cache knows how long its loops ran: `loop[last]` and the outputs are then those of cycles that did. */
import * as Effect from "effect/Effect";
import { settleGraph } from "../core/decisions.ts";
import { evaluateGraph, knownFrom } from "../core/evaluate.ts";
import type { Graph } from "../core/Graph.ts";
import { cacheLayer } from "./layers.ts";
import { perform, type Session } from "./session.ts";

/** Looks into the cache only where a loop may stop. */
export async function settledGraph(session: Session): Promise<Graph> {
  const { graph } = session;
  if (graph.loops.every(({ decisions }) => decisions === undefined)) return graph;
  const evaluation = await perform(evaluateGraph(graph).pipe(Effect.provide(cacheLayer(session))));
  return settleGraph(graph, knownFrom(graph, evaluation));
}
