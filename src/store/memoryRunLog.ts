/** The record of runs in memory, for tests. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { RunEvent } from "../core/events.ts";
import { RunLog, type RunManifest } from "../core/RunLog.ts";

type Logged = { manifest: RunManifest; readonly events: Array<RunEvent & { readonly time: string }> };

export const layerMemoryRunLog = (): Layer.Layer<RunLog> =>
  Layer.sync(RunLog, () => {
    const runs = new Map<string, Logged>();
    return RunLog.of({
      open: (start) =>
        Effect.sync(() => {
          const counts = { ran: 0, hits: 0, failed: 0, skipped: 0 };
          const logged: Logged = { manifest: { ...start, ...counts, status: "running", finished: null }, events: [] };
          runs.set(start.run, logged);
          return {
            append: (event) => void logged.events.push({ ...event, time: start.started }),
            close: (end) => Effect.sync(() => void (logged.manifest = { ...logged.manifest, ...end })),
          };
        }),
      list: Effect.sync(() => [...runs.values()].map(({ manifest }) => manifest)),
      events: (run) => Effect.sync(() => ({ events: runs.get(run)?.events ?? [], brokenAt: undefined })),
    });
  });
