/** Damage to files of a cache, as a failing disk would do it: without a sign. */
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { assert } from "vitest";
import { readAll } from "./cacheAttacks.ts";
import { finalDigests, folderRig, runEvents } from "./runEvents.ts";
import { randomOf, toilOf } from "./toil.ts";

/** P5: between runs something of the cache is damaged, its time kept; the next run reads all, and ends as if nothing had been. */
export async function damageBetweenRuns(folder: string, blows: number, seed: number) {
  const random = randomOf(seed);
  const root = join(folder, "damaged");
  const { graph, digests } = toilOf(3, 10, 0);
  const counts = { flips: 0, offsets: 0, truncations: 0, swaps: 0, removals: 0, stepsMadeAgain: 0 };
  const offsets = new Set<string>();
  for (let blow = 0; blow <= blows; blow++) {
    if (blow > 0) damageOne(root, random, counts, offsets);
    // From a process's point of view all is new: layers are built anew, and with them what is known to be sound.
    const { events, words } = await Effect.runPromise(
      Effect.provide(runEvents(graph, { force: ["all"] }), folderRig(root)),
    );
    assert.deepStrictEqual(finalDigests(events), digests);
    if (blow > 0) counts.stepsMadeAgain += words.filter((word) => /^(start|repair) w/.test(word)).length;
    await Effect.runPromise(readAll(root));
  }
  return { ...counts, offsets: offsets.size };
}

type Damages = { flips: number; truncations: number; swaps: number; removals: number };

/** Of six blows three flip a bit. @param offsets of flips, by file */
function damageOne(root: string, random: () => number, counts: Damages, offsets: Set<string>): void {
  const folder = join(root, random() < 0.6 ? "objects" : "actions");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const [path, other] = [Math.floor(random() * files.length), Math.floor(random() * (files.length - 1))];
  const [at, swapWith] = [files[path]!, files[other < path ? other : other + 1]!];
  const bytes = readFileSync(at);
  const kind = Math.floor(6 * random());
  if (kind < 3) {
    const offset = Math.floor(random() * bytes.length);
    bytes[offset] = bytes[offset]! ^ (1 << Math.floor(8 * random()));
    overwrite(at, bytes);
    offsets.add(`${at} ${offset}`);
    counts.flips++;
  } else if (kind === 3) {
    overwrite(at, bytes.subarray(0, Math.floor(random() * bytes.length)));
    counts.truncations++;
  } else if (kind === 4) {
    const others = readFileSync(swapWith);
    overwrite(swapWith, bytes);
    overwrite(at, others);
    counts.swaps++;
  } else {
    rmSync(at);
    counts.removals++;
  }
}

/** Keeps its time. */
function overwrite(path: string, bytes: Uint8Array): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
}
