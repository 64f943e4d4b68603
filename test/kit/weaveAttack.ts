/**
 * P2: runs of random pipelines, each killed with its whole tree of processes at a random moment and begun again by the same command, until
 * it finishes. It ends with the keys and digests of a run that nothing disturbed, and what had a record is never computed again.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import * as Effect from "effect/Effect";
import { assert } from "vitest";
import type { RunEvent } from "../../src/core/events.ts";
import { verifyCache } from "../../src/store/verify.ts";
import { killTree, start } from "./processes.ts";
import { memoryRig, runEvents } from "./runEvents.ts";
import { randomOf } from "./toil.ts";
import { weaveOf } from "./weave.ts";
import { weavePace } from "./weaveStages.ts";

const nothing = {
  /** Different pipelines that a kill met while steps of theirs ran. */
  pipelinesHit: 0,
  kills: 0,
  killsWhileStepsRan: 0,
  /** In all these pipelines, each compared with an undisturbed run. */
  stepsCompared: 0,
  /** Records that were there before a run, and were hits in it. */
  recordsFound: 0,
  checkpointsResumed: 0,
};
type Counts = typeof nothing;

type Line = RunEvent | { readonly begins: number } | { readonly ends: number };

/** What one run of one pipeline told before it ended or was killed. */
interface ToldRun {
  readonly seed: number;
  readonly events: Array<RunEvent>;
  isWhole: boolean;
}

/** @param pipelines how many have to be hit @param lanes at once, each on a cache of its own */
export async function killRandomRuns(folder: string, pipelines: number, seed: number, lanes = 1): Promise<Counts> {
  const each = Array.from({ length: lanes }, async (_, lane) => {
    const place = join(folder, `lane${lane}`);
    mkdirSync(place);
    return killInTurn(place, Math.ceil(pipelines / lanes), seed + 100_000 * lane);
  });
  const sum = { ...nothing };
  for (const counts of await Promise.all(each))
    for (const name of Object.keys(sum) as Array<keyof Counts>) sum[name] += counts[name];
  return sum;
}

async function killInTurn(folder: string, pipelines: number, firstSeed: number): Promise<Counts> {
  const counts = { ...nothing };
  const random = randomOf(firstSeed);
  const hit = new Set<number>();
  for (let seed = firstSeed, isOver = false; !isOver;) {
    isOver = hit.size === pipelines;
    const before = recordsIn(folder);
    const afterEvents = isOver ? Infinity : Math.floor(40 * random());
    const runs = await weave(folder, seed, isOver ? 1 : 50, afterEvents, 15 * random());
    assertNothingAgain(runs, before, recordsIn(folder), counts);
    for (const run of runs) if (run.isWhole) counts.stepsCompared += await assertAsUndisturbed(folder, run);
    if (!isOver) counts.kills++;
    const last = runs.at(-1);
    seed = last === undefined ? seed : last.isWhole ? last.seed + 1 : last.seed;
    if (last === undefined || last.isWhole || !areStepsRunning(last.events)) continue;
    counts.killsWhileStepsRan++;
    hit.add(last.seed);
  }
  counts.pipelinesHit = hit.size;
  assert.deepStrictEqual((await Effect.runPromise(verifyCache(join(folder, "cache")))).damaged, []);
  return counts;
}

/** Runs pipelines from a seed on, and kills after so many events of steps that run, and a little later. */
async function weave(folder: string, seed: number, count: number, afterEvents: number, laterMs: number) {
  const { child, ended } = start("weaver.ts", [folder, String(seed), String(count)], { [weavePace]: "15" });
  const runs: Array<ToldRun> = [];
  let seen = 0;
  // A killed process may leave half a line.
  const lines = createInterface({ input: child.stdout! }).on("line", (text) => {
    if (!text.endsWith("}")) return;
    const line = JSON.parse(text) as Line;
    note(runs, line);
    // Hits do not count: a run has to get on before it is killed.
    if (!("event" in line) || line.event === "step.hit" || line.event === "run.started") return;
    if (seen++ === afterEvents) setTimeout(() => killTree(child.pid!), laterMs);
  });
  const { wasKilled, code, stderr } = await ended;
  lines.close();
  assert.strictEqual(stderr, "");
  assert.strictEqual(wasKilled, afterEvents !== Infinity);
  if (!wasKilled) assert.strictEqual(code, 0);
  return runs;
}

function note(runs: Array<ToldRun>, line: Line): void {
  if ("event" in line) runs.at(-1)!.events.push(line);
  else if ("begins" in line) runs.push({ seed: line.begins, events: [], isWhole: false });
  else runs.at(-1)!.isWhole = true;
}

/** Steps that were started and had not ended. */
function areStepsRunning(events: ReadonlyArray<RunEvent>): boolean {
  const running = new Set<string>();
  for (const event of events) {
    if (event.event === "step.started") running.add(event.step);
    if (event.event === "step.finished" || event.event === "step.hit") running.delete(event.step);
  }
  return running.size > 0;
}

/** Their keys. */
function recordsIn(folder: string): ReadonlySet<string> {
  const actions = join(folder, "cache", "actions");
  const names = existsSync(actions) ? readdirSync(actions, { recursive: true, encoding: "utf8" }) : [];
  return new Set(names.filter((name) => name.endsWith(".json")).map((name) => basename(name, ".json")));
}

/** What had a record before is a hit; what was told to be finished has one afterwards. */
function assertNothingAgain(
  runs: ReadonlyArray<ToldRun>,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
  counts: Counts,
): void {
  for (const event of runs.flatMap(({ events }) => events)) {
    if (event.event === "step.resumed") counts.checkpointsResumed++;
    if (event.event === "step.failed") assert.fail(JSON.stringify(event));
    if (event.event === "step.hit" && before.has(event.fingerprint)) counts.recordsFound++;
    if (event.event !== "step.finished") continue;
    assert.isFalse(before.has(event.fingerprint), `${event.step} had a record, and was computed again`);
    assert.isTrue(after.has(event.fingerprint), `${event.step} was finished, and has no record`);
  }
}

/** In memory, in one process. */
async function assertAsUndisturbed(folder: string, { seed, events }: ToldRun): Promise<number> {
  const graph = await weaveOf(folder, seed, true);
  const undisturbed = await Effect.runPromise(Effect.provide(runEvents(graph), memoryRig()));
  assert.deepStrictEqual(endOf(events), endOf(undisturbed.events), `pipeline ${seed}`);
  return Object.keys(endOf(events)).length;
}

/** Step → its key and digests, or what left it out. */
function endOf(events: ReadonlyArray<RunEvent>): { readonly [step: string]: unknown } {
  const ends: { [step: string]: unknown } = {};
  for (const event of events) {
    if (event.event === "step.skipped") ends[event.step] = event.blockedBy;
    if (event.event === "step.finished" || event.event === "step.hit")
      ends[event.step] = { key: event.fingerprint, outputs: event.outputs };
  }
  return ends;
}
