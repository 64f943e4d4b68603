/**
 * Models of the hub as folders on this machine: in the cache (`hub/owner/name/<commit>/`), or in a mirror, which holds them so or as
 * Hugging Face's own cache does (`models--owner--name/snapshots/<commit>/`). What downloads is loaded when something is to be.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { StageFailure } from "../../core/errors.ts";
import type { PathField } from "../../core/Graph.ts";
import type { RemoteFolders } from "../../core/RemoteFolders.ts";
import { HubProblem } from "./HubProblem.ts";
import { mirrorVariable, type HubSettings } from "./hubSettings.ts";
import { isMistake, parseHubSource, type HubSource } from "./hubSource.ts";
import { hasAll, wantedBy } from "./wantedFiles.ts";

/** @param cache the cache folder */
export function hubFolders(cache: string, settings: HubSettings): RemoteFolders {
  const ownFolder = ({ owner, name, commit }: HubSource) => join(cache, "hub", owner, name, commit);
  return {
    locate: (field) => {
      const source = sourceOf(field.written);
      const own = ownFolder(source);
      return hasAll(own, wantedBy(field)) ? own : mirrored(settings.mirror, source).find(isFolder);
    },
    fetch: (field, onProgress) => {
      const source = sourceOf(field.written);
      return Effect.tryPromise({
        try: async (signal) => {
          refuseOffline(field, source, settings);
          const { downloadModel } = await import("./downloadModel.ts");
          const folder = ownFolder(source);
          const wanted = wantedBy(field);
          await downloadModel({ source, wanted, folder, settings, onProgress: nowAndThen(onProgress), signal });
        },
        catch: (cause) => failureOf(cause, field),
      });
    },
  };
}

/** Bytes come in small pieces; each report is an event of the run. */
const reportEveryMs = 250;

function nowAndThen(report: (done: number, total: number) => void): (done: number, total: number) => void {
  let last = -Infinity;
  return (done, total) => {
    if (done < total && performance.now() - last < reportEveryMs) return;
    last = performance.now();
    report(done, total);
  };
}

/** Settings were checked when the file was read. */
function sourceOf(written: string): HubSource {
  const source = parseHubSource(written);
  if (isMistake(source)) throw new Error(source.message);
  return source;
}

const mirrored = (mirror: string | undefined, { owner, name, commit }: HubSource): ReadonlyArray<string> =>
  mirror === undefined
    ? []
    : [join(mirror, owner, name, commit), join(mirror, `models--${owner}--${name}`, "snapshots", commit)];

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function refuseOffline({ written }: PathField, source: HubSource, { offline, mirror }: HubSettings): void {
  if (offline === undefined) return;
  const looked = mirror === undefined ? "" : `, and is not in ${mirrored(mirror, source).join(" or ")}`;
  throw new HubProblem(
    `${written} is not downloaded${looked}, and ${offline} forbids the network`,
    mirror === undefined
      ? `unset ${offline}, or name a folder that holds the model in ${mirrorVariable}`
      : `unset ${offline}, or put the model there`,
  );
}

/** What the hub or the disk says becomes the step's failure; anything else is a defect and is thrown on. */
function failureOf(cause: unknown, { written }: PathField): StageFailure {
  if (cause instanceof HubProblem)
    return new StageFailure({ cause: "stage-error", message: cause.message, hint: cause.hint });
  const { name, code, message } = cause as NodeJS.ErrnoException;
  if (name === "AbortError")
    return new StageFailure({ cause: "interrupted", message: `interrupted while downloading ${written}` });
  if (typeof code !== "string") throw cause;
  return new StageFailure({
    cause: "cache-error",
    message: `${written} cannot be kept in the cache: ${message}`,
    hint:
      code === "ENOSPC"
        ? "make room, and run the same command again"
        : "look at the folder, or name another with --cache",
  });
}
