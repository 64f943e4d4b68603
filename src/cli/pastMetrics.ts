/** The numbers that the evaluations of a past run came to, as far as the cache still has them. */
import * as Effect from "effect/Effect";
import { Metrics } from "../artifact/index.ts";
import { ArtifactStore } from "../core/ArtifactStore.ts";
import type { PastRun } from "../core/pastRun.ts";

export interface PastMetric {
  readonly step: string;
  readonly port: string;
  readonly digest: string;
  readonly name: string;
  readonly value: number;
}

export const readPastMetrics = Effect.fnUntraced(function* ({
  steps,
}: PastRun): Effect.fn.Return<ReadonlyArray<PastMetric>, never, ArtifactStore> {
  const store = yield* ArtifactStore;
  const found: Array<PastMetric> = [];
  for (const { step, record } of steps) {
    for (const [port, { digest, type }] of Object.entries(record?.outputs ?? {})) {
      if (type !== Metrics.name) continue;
      // What was lost since has no number any more; that is no reason to show none of the others.
      const bytes = yield* store.read(digest).pipe(Effect.catchTag("StoreError", () => Effect.succeed(undefined)));
      const rows = bytes === undefined ? [] : (yield* Effect.promise(() => Metrics.decode(bytes))).rows;
      for (const { name, value } of rows) found.push({ step, port, digest, name, value });
    }
  }
  return found;
});
