/** `pipeline runs`: the runs this cache has seen, oldest first, so that the latest stands right above the prompt. */
import { basename, relative } from "node:path";
import * as Effect from "effect/Effect";
import { RunLog, type RunManifest } from "../../core/RunLog.ts";
import { renderTable } from "../../log/table.ts";
import { layerCache } from "../../store/cache.ts";
import { type Invocation, isOn, valueOf } from "../commandLine.ts";
import { exitCodes } from "../exitCodes.ts";
import { printJson, printLines } from "../output.ts";
import { cacheFolder } from "../places.ts";
import { perform } from "../session.ts";

export async function runs(invocation: Invocation): Promise<number> {
  const cache = cacheFolder(valueOf(invocation, "cache"), process.cwd());
  const listed = await perform(
    Effect.gen(function* () {
      return yield* (yield* RunLog).list;
    }).pipe(Effect.provide(layerCache(cache))),
  );
  if (isOn(invocation, "json")) {
    printJson(
      listed.map(({ run, file, started, status, ran, hits, failed }) => ({
        run,
        file,
        started,
        status,
        ran,
        hits,
        failed,
      })),
    );
  } else if (listed.length === 0) {
    printLines([`no runs in ${relative(process.cwd(), cache) || cache} yet`]);
  } else {
    printLines(runsTable(listed));
  }
  return exitCodes.done;
}

const runsTable = (listed: ReadonlyArray<RunManifest>) =>
  renderTable(
    [
      { title: "run" },
      { title: "file" },
      { title: "started" },
      { title: "status" },
      ...["ran", "hits", "failed"].map((title) => ({ title, align: "right" as const })),
    ],
    listed.map(({ run, file, started, status, ran, hits, failed }) => {
      const when = started.slice(0, 19).replace("T", " ");
      return [run, basename(file), when, status, String(ran), String(hits), String(failed)];
    }),
  );
