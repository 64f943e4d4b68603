/** `pipeline why FILE STEP`: the nearest earlier record, each part of the key that differs from it, and the root cause. */
import * as Effect from "effect/Effect";
import { type Explanation, explainStep } from "../../core/explain.ts";
import type { Graph } from "../../core/Graph.ts";
import { type Invocation, isOn } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { cacheLayer } from "../layers.ts";
import { printJson, printLines } from "../output.ts";
import { openSession, perform } from "../session.ts";
import { settledGraph } from "../settledGraph.ts";
import { short, whyText } from "../whyText.ts";

export async function why(invocation: Invocation): Promise<number> {
  const session = await openSession(invocation);
  const graph = await settledGraph(session);
  const explained = await perform(
    explainStep(graph, invocation.operands[1]!).pipe(Effect.provide(cacheLayer(session))),
  );
  if (isOn(invocation, "json")) printJson(explained);
  else printLines(whyLines(graph, explained));
  return exitCodes.done;
}

function whyLines(graph: Graph, explained: Explanation): ReadonlyArray<string> {
  const { step, stage, state, nearest, rootCause } = explained;
  const known =
    explained.fingerprint === null
      ? "; its key is known once earlier steps have run"
      : `; key ${short(explained.fingerprint)}`;
  return [
    `${step} (${stage}) ${state === "waits" ? "waits" : `is ${state}`}${state === "skipped" ? "" : known}`,
    ...comparison(graph, explained, nearest),
    ...(rootCause.length > 1
      ? ["root cause:", ...rootCause.map((reason) => `  ${reason.step}: ${whyText(graph, reason.step, reason)}`)]
      : []),
  ];
}

function comparison(
  graph: Graph,
  { step, state, why: differences }: Explanation,
  nearest: string | null,
): ReadonlyArray<string> {
  if (differences[0]?.part === "decision") return differences.map((difference) => whyText(graph, step, difference));
  if (nearest === null)
    return [
      state === "fresh"
        ? "there is no earlier record to compare with"
        : "there is no earlier record: it has not run before",
    ];
  if (differences.length === 0) return [`nothing differs from the nearest earlier record, ${short(nearest)}`];
  return [
    `against the nearest earlier record, ${short(nearest)}:`,
    ...differences.map((difference) => `  ${whyText(graph, step, difference)}`),
  ];
}
