/**
 * Ctrl-C once and twice, SIGTERM, and the driver's death, of the real command in the middle of a real training, which goes on from
 * one to the next.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/events.ts";
import { RunLog } from "../../src/core/RunLog.ts";
import { layerCache } from "../../src/store/cache.ts";
import { canFindWorkers, workersOn } from "../kit/attack.ts";
import { type RunningCommand, startCommand } from "../kit/command.ts";
import { pause } from "../kit/processes.ts";
import { oneTraining } from "../kit/trainingPipelines.ts";

/** Too long to end by itself while a test looks on. */
const longTraining = oneTraining.replace("epochs: 2", "epochs: 2000");
/** What a training leaves, it leaves since it was asked to end. */
const env = { PIPELINE_CHECKPOINT_SECONDS: "3600" };
const training = "bi0";

let folder: string;
let cache: string;
/** Updates that the runs so far have reported. */
let reached = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-interruption-"));
  cache = join(folder, "cache");
  writeFileSync(join(folder, "a.yaml"), longTraining);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run of which a few updates are done, three of them of its own. */
async function inTraining(): Promise<RunningCommand> {
  const run = startCommand(folder, ["run", "a.yaml", "--json", "--cache", cache], env);
  const before = reached;
  await run.until((event) => event.event === "step.progress" && event.step === training && event.done >= before + 3);
  expect(workersOn(cache)).toHaveLength(1);
  return run;
}

const checkpoints = () =>
  readdirSync(join(cache, "checkpoints")).flatMap((name) => filesIn(join(cache, "checkpoints", name)));
const filesIn = (path: string) => readdirSync(path).map((name) => join(path, name));

/** How `runs` lists the last one. */
const listed = () =>
  Effect.runPromise(
    Effect.gen(function* () {
      return (yield* (yield* RunLog).list).at(-1)!.status;
    }).pipe(Effect.provide(layerCache(cache))),
  );

function lastOfLog(): ReadonlyArray<RunEvent> {
  const run = readdirSync(join(cache, "runs")).sort().at(-1)!;
  const lines = readFileSync(join(cache, "runs", run, "events.ndjson"), "utf8")
    .trim()
    .split("\n");
  return lines.slice(-2).map((line) => JSON.parse(line) as RunEvent);
}

async function workersGone(): Promise<void> {
  for (let i = 0; i < 400 && workersOn(cache).length > 0; i++) await pause(25);
  expect(workersOn(cache)).toEqual([]);
}

const donesOf = (events: ReadonlyArray<RunEvent>, kind: "step.progress" | "step.resumed") =>
  events.flatMap((event) => (event.event === kind && event.step === training ? [event.done] : []));

const interruptedEnd = [
  { event: "step.interrupted", step: training },
  { event: "run.finished", status: "interrupted", failed: 0, skipped: 0 },
];

describe.skipIf(!canFindWorkers)("a run in the middle of a training", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "ends by one %s after the batch in hand, with a checkpoint from which the same command goes on",
    async (signal) => {
      const run = await inTraining();
      process.kill(run.child.pid!, signal);
      const { code, events, stderr } = await run.ended;
      expect([code, stderr]).toEqual([
        130,
        "interrupted: ending after the batch in hand (once more: at once)\n" +
          "interrupted: what is done is kept, the same command goes on from there\n",
      ]);
      expect(events.slice(-2)).toMatchObject(interruptedEnd);
      expect(checkpoints()).not.toEqual([]);
      expect(await listed()).toBe("interrupted");
      await workersGone();
      // The first run of all begins at the beginning; this one began where the one before had ended.
      const [resumedAt] = donesOf(events, "step.resumed");
      expect(resumedAt ?? 0).toBeGreaterThanOrEqual(reached);
      expect(resumedAt === undefined).toBe(reached === 0);
      reached = donesOf(events, "step.progress").at(-1)!;
    },
  );

  it("ends at once by the second Ctrl-C, whatever its worker does, as a run that was interrupted", async () => {
    const run = await inTraining();
    // A batch that never ends.
    for (const worker of workersOn(cache)) process.kill(worker, "SIGSTOP");
    process.kill(run.child.pid!, "SIGINT");
    await pause(400);
    expect(run.child.exitCode).toBeNull();
    const asked = performance.now();
    process.kill(run.child.pid!, "SIGINT");
    const { code, events } = await run.ended;
    expect(code).toBe(130);
    // Sooner than the grace that one Ctrl-C gives to the batch, 20 s.
    expect(performance.now() - asked).toBeLessThan(15_000);
    expect(events.slice(-2)).toMatchObject(interruptedEnd);
    expect(lastOfLog()).toMatchObject(interruptedEnd);
    expect(await listed()).toBe("interrupted");
    await workersGone();
  });

  it("that is killed leaves no worker behind, which ends as by Ctrl-C, and is listed as died", async () => {
    const before = checkpoints();
    const run = await inTraining();
    run.child.kill("SIGKILL");
    expect((await run.ended).signal).toBe("SIGKILL");
    await workersGone();
    expect(await listed()).toBe("died");
    expect(checkpoints()).not.toEqual(before);
  });
});
