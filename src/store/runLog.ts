/** The record of runs in the cache folder: `runs/<run>/manifest.json` and its hash-chained `events.ndjson`. */
import { join } from "node:path";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { StoreError } from "../core/errors.ts";
import type { RunEvent } from "../core/events.ts";
import { RunLog, type OpenRun, type RunManifest, type RunStart } from "../core/RunLog.ts";
import { Disk, type DiskShape } from "./Disk.ts";
import { brokenAt, chainStart, chainedLine, parseEvents } from "./eventChain.ts";
import { layoutOf, markLayout, nameFirst, replaceFile, type Layout } from "./layout.ts";
import { livesHere, thisProcess, type ProcessIdentity } from "./processIdentity.ts";
import { attempt, storeError } from "./storeErrors.ts";

/** Runs kept under `root`, the cache folder. */
export const layerRunLog = (root: string): Layer.Layer<RunLog> =>
  Layer.effect(
    RunLog,
    Effect.gen(function* () {
      const disk = yield* Disk;
      const clock = yield* Clock.Clock;
      const layout = layoutOf(root);
      const now = timestamps(() => clock.currentTimeMillisUnsafe());
      return RunLog.of({
        open: (start) => attempt("write", layout.runs, () => openRun(disk, layout, start, now)),
        list: Effect.suspend(() => attempt("list", layout.runs, () => listRuns(disk, layout))),
        events: (run) => attempt("read", join(layout.runs, run), () => readEvents(disk, layout, run)),
      });
    }),
  );

/** A thousand hits happen in a few distinct milliseconds, and writing a date costs more than the rest of a line. */
function timestamps(nowMs: () => number): () => string {
  let [lastMs, text] = [Number.NaN, ""];
  return () => {
    const ms = nowMs();
    if (ms !== lastMs) [lastMs, text] = [ms, new Date(ms).toISOString()];
    return text;
  };
}

/** The process that writes a run: a manifest still `running` whose process is gone belongs to a run that died. */
export interface ManifestFile extends RunManifest {
  readonly owner: ProcessIdentity;
}

function openRun(disk: DiskShape, layout: Layout, start: RunStart, now: () => string): OpenRun {
  markLayout(disk, layout);
  const folder = join(layout.runs, start.run);
  const manifest = (end: Partial<RunManifest>): ManifestFile => ({
    ...start,
    owner: thisProcess(),
    status: "running",
    finished: null,
    ran: 0,
    hits: 0,
    failed: 0,
    skipped: 0,
    ...end,
  });
  const path = join(folder, "manifest.json");
  // The folder may be there already, with a log in it; the manifest is what makes it a run.
  if (!nameFirst(disk, layout, bytesOf(manifest({})), path, false)) throw runExists(start.run, folder);
  const events = new EventFile(disk, join(folder, "events.ndjson"), now);
  return {
    append: (event) => events.append(event),
    close: (end) =>
      attempt("write", folder, () => {
        // A run that found nothing to do is not worth waiting for the disk.
        const isDurable = end.ran + end.failed > 0;
        events.close(isDurable);
        replaceFile(disk, layout, bytesOf(manifest(end)), path, isDurable);
      }),
  };
}

const bytesOf = (manifest: ManifestFile): Uint8Array => Buffer.from(`${JSON.stringify(manifest)}\n`);

const runExists = (run: string, path: string): StoreError =>
  new StoreError({
    operation: "open",
    path,
    code: "EEXIST",
    message: `There is a run ${run} already.`,
    hint: "Run ids are made from the time and a random tail: start the run again.",
  });

/** Lines are gathered and written a few at a time: a run of a thousand hits makes a handful of writes. */
class EventFile {
  private pending: Array<string> = [];
  private chain = chainStart;
  private isScheduled = false;
  private failure: unknown;
  private readonly file: number;
  private readonly disk: DiskShape;
  private readonly path: string;
  private readonly now: () => string;

  constructor(disk: DiskShape, path: string, now: () => string) {
    this.disk = disk;
    this.path = path;
    this.now = now;
    this.file = disk.open(path, "a");
  }

  append(event: RunEvent): void {
    // Progress is for eyes; what a step learnt is in its curve. A log of it would outgrow the rest.
    if (event.event === "step.progress") return;
    const line = chainedLine(event, this.now(), this.chain);
    this.chain = line.digest;
    this.pending.push(line.text);
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }

  close(isDurable: boolean): void {
    this.flush();
    try {
      if (isDurable) this.disk.sync(this.file);
    } finally {
      this.disk.close(this.file);
    }
    if (this.failure !== undefined) throw storeError("write", this.path, this.failure);
  }

  private flush(): void {
    this.isScheduled = false;
    const text = this.pending.join("");
    this.pending = [];
    if (text === "" || this.failure !== undefined) return;
    try {
      this.disk.write(this.file, Buffer.from(text));
    } catch (error) {
      this.failure = error;
    }
  }
}

function listRuns(disk: DiskShape, layout: Layout): ReadonlyArray<RunManifest> {
  const runs = readManifests(disk, layout).map(({ owner, ...told }): RunManifest => {
    // Of a run on another machine, one look cannot tell.
    const status = told.status === "running" && livesHere(owner) === false ? "died" : told.status;
    return Object.assign(told, { status });
  });
  // Not by name: of two ids made within a second, chance says which sorts first.
  return runs.sort((one, other) => Date.parse(one.started) - Date.parse(other.started));
}

/** As they were written, in no particular order. */
export const readManifests = (disk: DiskShape, layout: Layout): ReadonlyArray<ManifestFile> =>
  disk.list(layout.runs).flatMap((run) => {
    const text = disk.read(join(layout.runs, run, "manifest.json"))?.toString("utf8");
    const manifest = text === undefined ? undefined : parseManifest(text);
    return manifest === undefined ? [] : [manifest];
  });

/** Fingerprints that a run has used or made, by step, as far as its log tells. */
export function fingerprintsOf(disk: DiskShape, layout: Layout, run: string): ReadonlyMap<string, string> {
  const text = disk.read(join(layout.runs, run, "events.ndjson"))?.toString("utf8") ?? "";
  const found = new Map<string, string>();
  for (const event of parseEvents(text))
    if (event.event === "step.hit" || event.event === "step.finished") found.set(event.step, event.fingerprint);
  return found;
}

function parseManifest(text: string): ManifestFile | undefined {
  try {
    const manifest = JSON.parse(text) as Partial<ManifestFile> | null;
    return typeof manifest?.run === "string" && typeof manifest.owner === "object"
      ? (manifest as ManifestFile)
      : undefined;
  } catch {
    return undefined;
  }
}

function readEvents(disk: DiskShape, layout: Layout, run: string) {
  const path = join(layout.runs, run, "events.ndjson");
  const text = disk.read(path)?.toString("utf8");
  if (text === undefined) {
    const message = `There is no run ${run} in ${layout.root}.`;
    throw new StoreError({ operation: "read", path, code: "ENOENT", message, hint: "`pipeline runs` lists them." });
  }
  return { events: parseEvents(text), brokenAt: brokenAt(text) };
}
