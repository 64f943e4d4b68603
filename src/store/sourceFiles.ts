/** The files that steps read, found and hashed. Implements core's `SourceFiles` on the real file system. */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { SourceElsewhere, SourceMissing } from "../core/errors.ts";
import type { PathField } from "../core/Graph.ts";
import type { RemoteFolders } from "../core/RemoteFolders.ts";
import { SourceFiles } from "../core/SourceFiles.ts";
import type { SourceFile } from "../core/Stage.ts";
import { codeOf, Disk, type DiskShape, type FileStamp } from "./Disk.ts";
import { expandPattern, type Nothing } from "./expandPattern.ts";
import { layoutOf } from "./layout.ts";
import { isSameStamp, StatCache } from "./statCache.ts";

/**
 * With a cache folder, digests are kept between processes; a shortcut that cannot be saved is merely lost.
 * @param remote where folders that lie elsewhere are; without it there are none such
 */
export const layerSourceFiles = (root?: string, remote?: RemoteFolders): Layer.Layer<SourceFiles> =>
  Layer.effect(
    SourceFiles,
    Effect.gen(function* () {
      const disk = yield* Disk;
      const clock = yield* Clock.Clock;
      const stats = new StatCache(disk, root === undefined ? undefined : layoutOf(root));
      yield* Effect.addFinalizer(() => Effect.ignore(Effect.try(() => stats.save())));
      const files = new HashedFiles(disk, stats, () => clock.currentTimeMillisUnsafe());
      return SourceFiles.of({
        resolve: (step, field) => {
          const here = located(field, remote);
          if (here === undefined)
            return Effect.fail(new SourceElsewhere({ step, field: field.field, source: field.written }));
          return Effect.try({ try: () => files.resolve(here), catch: (error) => missing(step, here, error) });
        },
        fetch: (field, onProgress) => remote?.fetch(field, onProgress) ?? Effect.void,
        recheck: (fields, list) =>
          Effect.sync(() =>
            files.moved(
              fields.map((field) => located(field, remote)),
              list,
            ),
          ),
      });
    }),
  );

/** The field with a pattern on this machine; undefined where what it names is elsewhere. */
function located(field: PathField, remote: RemoteFolders | undefined): PathField | undefined {
  const pattern = field.isRemote === true ? remote?.locate(field) : field.pattern;
  return pattern === undefined ? undefined : { ...field, pattern };
}

class HashedFiles {
  private readonly disk: DiskShape;
  private readonly stats: StatCache;
  private readonly nowMs: () => number;
  /** How each file stood when it was resolved: an edit that is undone before the re-check still shows in its stamp. */
  private readonly stamps = new WeakMap<SourceFile, FileStamp>();

  constructor(disk: DiskShape, stats: StatCache, nowMs: () => number) {
    this.disk = disk;
    this.stats = stats;
    this.nowMs = nowMs;
  }

  resolve(field: PathField): ReadonlyArray<SourceFile> {
    const found = expandPattern(field);
    if (typeof found === "string") throw new NothingFound(found);
    return found.map(({ name, path }) => this.hashed(name, path));
  }

  /** @param fields undefined where a folder is no longer here */
  moved(fields: ReadonlyArray<PathField | undefined>, files: ReadonlyArray<SourceFile>): ReadonlyArray<string> {
    const before = new Set(files.map(({ path }) => path));
    const now = new Set(fields.flatMap(pathsOf));
    const moved = files.filter((file) => !now.has(file.path) || this.hasMoved(file)).map(({ path }) => path);
    return [...moved, ...[...now].filter((path) => !before.has(path))];
  }

  private hasMoved(file: SourceFile): boolean {
    try {
      const [stamp, before] = [this.disk.stamp(file.path), this.stamps.get(file)];
      const isSame = before !== undefined && isSameStamp(stamp, before);
      if (isSame && this.disk.hash(file.path) === file.digest) return false;
    } catch {
      // Gone or no longer readable is moved, too.
    }
    this.stats.forget(file.path);
    return true;
  }

  private hashed(name: string, path: string): SourceFile {
    const stamp = this.disk.stamp(path);
    const nowMs = this.nowMs();
    const known = this.stats.digestOf(path, stamp, nowMs);
    const digest = known ?? this.hashOf(path);
    if (known === undefined) this.stats.remember(path, stamp, digest, nowMs);
    const file = { name, path, digest, sizeBytes: Number(stamp.sizeBytes) };
    this.stamps.set(file, stamp);
    return file;
  }

  private hashOf(path: string): string {
    const digest = this.disk.hash(path);
    if (digest === undefined) throw new NothingFound("not there");
    return digest;
  }
}

/** The files that a field names now; none where they cannot be looked for. */
function pathsOf(field: PathField | undefined): ReadonlyArray<string> {
  try {
    const found = field === undefined ? [] : expandPattern(field);
    return typeof found === "string" ? [] : found.map(({ path }) => path);
  } catch {
    return [];
  }
}

class NothingFound extends Error {
  readonly nothing: Nothing;
  constructor(nothing: Nothing) {
    super(nothing);
    this.nothing = nothing;
  }
}

function missing(step: string, field: PathField, error: unknown): SourceMissing {
  const facts = { step, field: field.field, path: field.written };
  const where = `step ${step}, ${field.field}: ${field.written}`;
  if (error instanceof NothingFound) {
    const { message, hint } = wordingOf(field, error.nothing);
    return new SourceMissing({ ...facts, message: `${where} ${message}.`, hint });
  }
  const reason = codeOf(error) === "EACCES" ? "no permission" : (codeOf(error) ?? String(error));
  const hint = `It was looked for at ${field.pattern}.`;
  return new SourceMissing({ ...facts, message: `${where} cannot be read (${reason}).`, hint });
}

function wordingOf(field: PathField, nothing: Nothing): { readonly message: string; readonly hint: string } {
  const looked = `It was looked for at ${field.pattern}.`;
  switch (nothing) {
    case "not there":
      return { message: "is not there", hint: looked };
    case "no match":
      return { message: "matches no file", hint: looked };
    case "empty folder":
      return {
        message:
          field.only === undefined
            ? "is a folder without files"
            : `has none of the files read from it (${[...field.only, ...(field.firstOf ?? []).flat(2)].join(", ")})`,
        hint: looked,
      };
    case "a folder":
      return {
        message: "is a folder where a file is wanted",
        hint: `Name a file in it, or all of them: ${field.written}/*.`,
      };
    case "a file":
      return { message: "is a file where a folder is wanted", hint: "Name the folder it lies in." };
  }
}
