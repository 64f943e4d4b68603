/** The numbers of a pipeline as its cache has them: every output of type Metrics, step by step in graph order. */
import * as Effect from "effect/Effect";
import type { Metrics } from "../artifact/index.ts";
import { ArtifactStore } from "../core/ArtifactStore.ts";
import type { ContentDigest } from "../core/digest.ts";
import type { StoreError } from "../core/errors.ts";
import type { Graph } from "../core/Graph.ts";
import type { MetricRow } from "../log/metricsTable.ts";

/** `outputsOf` gives the digests of a step's outputs, or nothing where it has not run. */
export const readMetrics = Effect.fnUntraced(function* (
  graph: Graph,
  outputsOf: (step: string) => { readonly [port: string]: ContentDigest } | undefined,
): Effect.fn.Return<ReadonlyArray<MetricRow>, StoreError, ArtifactStore> {
  const store = yield* ArtifactStore;
  const rows: Array<MetricRow> = [];
  for (const step of graph.steps) {
    for (const [port, type] of Object.entries(step.outputTypes)) {
      const digest = type.name === "Metrics" ? outputsOf(step.id)?.[port] : undefined;
      if (digest === undefined) continue;
      const bytes = yield* store.read(digest);
      const metrics = yield* Effect.promise(() => type.decode(bytes) as Promise<Metrics>);
      for (const { name, value } of metrics.rows) rows.push({ step: step.id, cycle: step.cycle, name, value });
    }
  }
  return rows;
});
