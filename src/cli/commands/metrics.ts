/** `pipeline metrics FILE`: the numbers of every evaluation whose result is in the cache for the file as it is now. */
import * as Effect from "effect/Effect";
import { evaluateGraph } from "../../core/evaluate.ts";
import { metricsTable } from "../../log/metricsTable.ts";
import { type Invocation, isOn } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { cacheLayer } from "../layers.ts";
import { printJson, printLines, writeError } from "../output.ts";
import { readMetrics } from "../readMetrics.ts";
import { openSession, perform } from "../session.ts";
import { knownOutputs } from "../knownOutputs.ts";

export async function metrics(invocation: Invocation): Promise<number> {
  const session = await openSession(invocation);
  const { graph } = session;
  const rows = await perform(
    Effect.gen(function* () {
      return yield* readMetrics(graph, knownOutputs(yield* evaluateGraph(graph)));
    }).pipe(Effect.provide(cacheLayer(session))),
  );
  if (isOn(invocation, "json")) printJson(rows);
  else if (rows.length > 0) printLines(metricsTable(rows, process.stdout.columns));
  else writeError("no metrics yet: no evaluation of this pipeline has run with these settings\n");
  return exitCodes.done;
}
