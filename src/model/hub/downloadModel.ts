/** The files of a model that are read, brought from the hub into a folder that appears only once it has all of them. */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FolderChoice } from "../../core/path.ts";
import { downloadFile } from "./downloadFile.ts";
import { withDownloadLock } from "./downloadLock.ts";
import { HubProblem } from "./HubProblem.ts";
import { usualPausesMs, type HubRequests } from "./hubRequest.ts";
import type { HubSettings } from "./hubSettings.ts";
import type { HubSource } from "./hubSource.ts";
import { askedFile, askedText, hasAll, type WantedFiles } from "./wantedFiles.ts";

export interface Download {
  readonly source: HubSource;
  readonly wanted: WantedFiles;
  /** Where the files are to lie; until then they are beside it, under the same name and `.partial`. */
  readonly folder: string;
  readonly settings: HubSettings;
  /** Bytes that are here and bytes in all, as far as they are known. */
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
  readonly pausesMs?: ReadonlyArray<number>;
}

/** @throws HubProblem; AbortError when the signal says so, and then the next call goes on from there */
export async function downloadModel(download: Download): Promise<void> {
  const { folder, wanted, settings, signal, pausesMs = usualPausesMs } = download;
  await mkdir(dirname(folder), { recursive: true });
  const isDone = () => hasAll(folder, wanted);
  await withDownloadLock(folder, signal, isDone, async () => {
    // A folder that is there was made for less than is wanted now: what lacks comes beside the rest.
    const target = existsSync(folder) ? folder : `${folder}.partial`;
    await downloadInto(target, download, { settings, signal, pausesMs });
    await writeDurably(join(target, askedFile), askedText(target, wanted));
    await syncFolder(target);
    if (target === folder) return;
    await rename(target, folder);
    await syncFolder(dirname(folder));
  });
}

async function downloadInto(
  aside: string,
  { source, wanted, onProgress }: Download,
  requests: HubRequests,
): Promise<void> {
  const sizes = new Map<string, readonly [done: number, total: number]>();
  const bring = (name: string): Promise<boolean> =>
    downloadFile(requests, source, name, aside, (done, total) => {
      sizes.set(name, [done, total]);
      const all = [...sizes.values()];
      onProgress(
        all.reduce((sum, [done]) => sum + done, 0),
        all.reduce((sum, [, total]) => sum + total, 0),
      );
    });
  let found = 0;
  for (const name of wanted.files) if (await bring(name)) found++;
  for (const choice of wanted.choices) if (await bringFirst(choice, aside, bring)) found++;
  if (found > 0) return;
  const { owner, name, commit } = source;
  throw new HubProblem(
    `${requests.settings.endpoint} has nothing to load at ${owner}/${name}@${commit}`,
    "look at the name and the commit; for a private model give a token in HF_TOKEN",
  );
}

/** The first form whose first file is there, with all that belongs to it. */
async function bringFirst(
  choice: FolderChoice,
  aside: string,
  bring: (name: string) => Promise<boolean>,
): Promise<boolean> {
  for (const [first, ...others] of choice) {
    if (first === undefined || !(await bring(first))) continue;
    const names = first.endsWith(".index.json") ? await piecesOf(join(aside, first)) : others;
    for (const name of names) await bring(name);
    return true;
  }
  return false;
}

/** The files that an index of weights speaks of. What leads out of the folder is not among them. */
async function piecesOf(index: string): Promise<ReadonlyArray<string>> {
  const text = await readFile(index, "utf8");
  try {
    const { weight_map: map } = JSON.parse(text) as { readonly weight_map?: { readonly [tensor: string]: unknown } };
    const names = new Set(Object.values(map ?? {}));
    return [...names].filter((name): name is string => typeof name === "string" && /^[\w.-]+$/.test(name)).sort();
  } catch {
    // Whoever reads the index says what is wrong with it.
    return [];
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(`${path}.partial`, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.partial`, path);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
