/** How many rows the artifacts of a lineage have, and which rows of the gold a metric was computed on. */
import * as Effect from "effect/Effect";
import { Gold } from "../artifact/index.ts";
import { readRows } from "../artifact/rows.ts";
import { ArtifactStore } from "../core/ArtifactStore.ts";
import type { ContentDigest } from "../core/digest.ts";
import type { LineageNode } from "../core/lineage.ts";
import type { PastRun } from "../core/pastRun.ts";

/** Rows of the gold that belong to a metric; `first` and `last` count from 1. */
export interface GoldRows {
  readonly digest: string;
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** Types whose rows are sentences or pairs; the rows of a model would say nothing. */
const countedTypes = /^(Sentences|Pairs|Gold|Tokens|TokenPairs|Scores|Embeddings)\b/;

const readOrNothing = Effect.fnUntraced(function* (digest: string) {
  const store = yield* ArtifactStore;
  // A digest of a record or an event.
  const reading = store.read(digest as ContentDigest);
  return yield* reading.pipe(Effect.catchTag("StoreError", () => Effect.succeed(undefined)));
});

/** Digest → number of rows; what the cache has lost is left out. */
export const countRows = Effect.fnUntraced(function* (
  nodes: ReadonlyArray<LineageNode>,
): Effect.fn.Return<ReadonlyMap<string, number>, never, ArtifactStore> {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    if (node.kind !== "artifact" || !countedTypes.test(node.type)) continue;
    const bytes = yield* readOrNothing(node.id);
    if (bytes !== undefined) counts.set(node.id, (yield* Effect.promise(() => readRows(bytes))).rowCount);
  }
  return counts;
});

/** Of a metric named after a set the rows of that set, of their mean all rows; undefined for other numbers. */
export const goldRowsOf = Effect.fnUntraced(function* (
  run: PastRun,
  step: string,
  metric: string,
): Effect.fn.Return<GoldRows | undefined, never, ArtifactStore> {
  const record = run.steps.find((each) => each.step === step)?.record;
  const digests = Object.values(record?.parts.inputs ?? {}).filter((digest) => typeof digest === "string");
  const isGold = (digest: string) =>
    run.steps.some((past) =>
      Object.values(past.record?.outputs ?? {}).some((each) => each.digest === digest && each.type === Gold.name),
    );
  const digest = digests.find(isGold);
  const bytes = digest === undefined ? undefined : yield* readOrNothing(digest);
  if (digest === undefined || bytes === undefined) return undefined;
  const { sets } = yield* Effect.promise(() => Gold.decode(bytes));
  const first = metric === "average" ? 0 : sets.indexOf(metric);
  const last = metric === "average" ? sets.length - 1 : sets.lastIndexOf(metric);
  return first === -1 ? undefined : { digest, first: first + 1, last: last + 1, count: last - first + 1 };
});
