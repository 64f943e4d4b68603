/** All that is in a cache folder, with sizes and times of last use. Sees one thing after another: what runs change meanwhile is told by the order (see `takeInventory`). */
import { basename, dirname } from "node:path";
import type { ActionRecord } from "../../core/ActionRecord.ts";
import type { DiskShape, FoundFile } from "../Disk.ts";
import { abandonedAside, type Layout } from "../layout.ts";
import { decodeRecord } from "../recordFile.ts";
import { type FoundCode, stageCodesIn } from "../stageFolder.ts";

export interface FoundRecord extends FoundFile {
  /** Undefined where the file is damaged. */
  readonly record: ActionRecord | undefined;
}

/** A folder, with the size of all in it and the time of the newest file. */
export interface FoundFolder extends FoundFile {
  readonly name: string;
}

export interface Inventory {
  /** By digest; files with other names than digests have are not among them. */
  readonly objects: ReadonlyMap<string, FoundFile>;
  readonly records: ReadonlyArray<FoundRecord>;
  /** Named by fingerprint. */
  readonly checkpoints: ReadonlyArray<FoundFolder>;
  /** Named `owner/name/<commit>`, where a download is not finished with `.partial`. */
  readonly hub: ReadonlyArray<FoundFolder>;
  /** Code of the user's own stages. */
  readonly stages: ReadonlyArray<FoundCode>;
  /** Logs of runs, named by the run. */
  readonly runs: ReadonlyArray<FoundFolder>;
  readonly quarantine: ReadonlyArray<FoundFile>;
  /** Files that crashed writers left. */
  readonly aside: ReadonlyArray<FoundFile>;
}

/** @param between done after the objects were listed and before the records are: what is published until then is seen whole */
export function takeInventory(disk: DiskShape, layout: Layout, between: () => void = () => undefined): Inventory {
  const objects = objectsIn(disk, layout);
  between();
  return {
    objects,
    records: recordsIn(disk, layout),
    checkpoints: foldersIn(disk, layout.checkpoints, 1),
    hub: foldersIn(disk, layout.hub, 3),
    stages: stageCodesIn(disk, layout),
    runs: foldersIn(disk, layout.runs, 1),
    quarantine: disk.files(layout.quarantine),
    aside: abandonedAside(disk, layout).map((path) => ({
      path,
      sizeBytes: disk.size(path) ?? 0,
      changedAtMs: disk.changedAtMs(path) ?? 0,
    })),
  };
}

/** The digest whose object a file of `objects/sha256/` is; undefined where its name is none. */
export function digestNamed(path: string): string | undefined {
  const name = basename(dirname(path)) + basename(path);
  return /^[0-9a-f]{64}$/.test(name) && basename(path).length === 62 ? name : undefined;
}

const objectsIn = (disk: DiskShape, layout: Layout): Inventory["objects"] =>
  new Map(
    disk.files(layout.objects).flatMap((file) => {
      const digest = digestNamed(file.path);
      return digest === undefined ? [] : [[digest, file] as const];
    }),
  );

/** The name of a record is its fingerprint. */
export const fingerprintNamed = (path: string): string => basename(path, ".json");

const recordsIn = (disk: DiskShape, layout: Layout): ReadonlyArray<FoundRecord> =>
  disk.files(layout.actions).flatMap((file) => {
    const bytes = disk.read(file.path);
    return bytes === undefined ? [] : [{ ...file, record: decodeRecord(bytes, fingerprintNamed(file.path)) }];
  });

/** Folders that lie `depth` below a folder and hold files. */
function foldersIn(disk: DiskShape, folder: string, depth: number): ReadonlyArray<FoundFolder> {
  const files = disk.files(folder).filter(({ path }) => path.slice(folder.length + 1).split("/").length > depth);
  const nameOf = ({ path }: FoundFile) =>
    path
      .slice(folder.length + 1)
      .split("/", depth)
      .join("/");
  return [...Map.groupBy(files, nameOf)].map(([name, inside]) => ({
    name,
    path: `${folder}/${name}`,
    sizeBytes: inside.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    changedAtMs: inside.reduce((newest, { changedAtMs }) => Math.max(newest, changedAtMs), 0),
  }));
}
