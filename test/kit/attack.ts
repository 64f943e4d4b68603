/**
 * The real command, stopped again and again in the middle of its trainings: its worker, itself or both killed by SIGKILL, or asked
 * to end by Ctrl-C. Then it is left alone, and what it ends with is handed back.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { RunEvent } from "../../src/core/events.ts";
import { killTree } from "./processes.ts";
import { finalDigests } from "./runEvents.ts";

const command = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** How to find a worker without asking its driver. */
export const canFindWorkers = existsSync("/proc/self/cmdline");

export const blows = ["worker", "driver", "both", "ctrl-c"] as const;
export type Blow = (typeof blows)[number];

export interface Attacked {
  readonly digests: ReturnType<typeof finalDigests>;
  /** Blows that met a training, in order. */
  readonly landed: ReadonlyArray<Blow>;
  /** Of all runs. */
  readonly warnings: ReadonlyArray<string>;
  /** Updates that were not computed again, by step, in order. */
  readonly resumed: ReadonlyArray<{ readonly step: string; readonly done: number; readonly total: number }>;
}

/** When a blow falls: after this many updates of a run, and a little later, so that it meets any moment of one. */
export interface Moment {
  readonly updates: number;
  readonly laterMs: number;
}

/** @param momentOf of the blow of a run, by the number of the run */
export async function attack(
  folder: string,
  pipeline: string,
  planned: ReadonlyArray<Blow>,
  momentOf: (run: number) => Moment,
): Promise<Attacked> {
  writeFileSync(join(folder, "attacked.yaml"), pipeline);
  const landed: Array<Blow> = [];
  const resumed: Array<Attacked["resumed"][number]> = [];
  const warnings: Array<string> = [];
  // More turns than blows: a blow may come too late for its training.
  for (let turn = 0; turn < planned.length + 20; turn++) {
    const blow = planned[landed.length];
    const run = await runOnce(folder, blow, momentOf(turn));
    for (const event of run.events) {
      if (event.event === "step.resumed") resumed.push(event);
      if (event.event === "step.warning") warnings.push(event.message);
    }
    const isDone = run.events.some((event) => event.event === "run.finished" && event.status === "succeeded");
    if (isDone) return { digests: finalDigests(run.events), landed, resumed, warnings };
    if (blow === undefined) throw new Error(`undisturbed, and yet:\n${run.text}`);
    landed.push(blow);
  }
  throw new Error("it never ended");
}

interface Run {
  readonly events: ReadonlyArray<RunEvent>;
  readonly text: string;
}

function runOnce(folder: string, blow: Blow | undefined, moment: Moment): Promise<Run> {
  const cache = join(folder, "cache");
  const child = spawn(process.execPath, [command, "run", "attacked.yaml", "--json", "--cache", cache], {
    cwd: folder,
    env: { ...process.env, PIPELINE_CHECKPOINT_SECONDS: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  const events: Array<RunEvent> = [];
  let timer: NodeJS.Timeout | undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // Only whole lines are told: a killed driver may leave half of one.
  eachLine(child.stdout, (line) => {
    events.push(JSON.parse(line) as RunEvent);
    if (blow === undefined || !(updatesIn(events) > moment.updates)) return;
    timer ??= setTimeout(() => strike(blow, child.pid!, cache), moment.laterMs);
  });
  return new Promise((resolve) =>
    child.on("close", () => {
      clearTimeout(timer);
      resolve({ events, text: [...events.map((event) => JSON.stringify(event)), stderr].join("\n") });
    }),
  );
}

function eachLine(stream: Readable, note: (line: string) => void): void {
  let text = "";
  stream.setEncoding("utf8").on("data", (more: string) => {
    const lines = (text + more).split("\n");
    text = lines.pop()!;
    lines.forEach(note);
  });
}

/** Updates that a run has made in its trainings so far, as far as its reports tell. */
function updatesIn(events: ReadonlyArray<RunEvent>): number {
  const spans = new Map<string, { readonly from: number; readonly to: number }>();
  for (const event of events) {
    if (event.event !== "step.progress" || event.unit !== "steps") continue;
    spans.set(event.step, { from: spans.get(event.step)?.from ?? event.done - 1, to: event.done });
  }
  return [...spans.values()].reduce((sum, { from, to }) => sum + to - from, 0);
}

function strike(blow: Blow, driver: number, cache: string): void {
  if (blow === "both") return killTree(driver);
  const targets = blow === "worker" ? workersOn(cache) : [driver];
  for (const pid of targets) {
    try {
      process.kill(pid, blow === "ctrl-c" ? "SIGINT" : "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
}

/** Worker processes on a cache folder. */
export const workersOn = (cache: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && commandLineOf(pid).some((part) => part.endsWith("worker.ts")))
    .filter((pid) => commandLineOf(pid).includes(cache));

function commandLineOf(pid: number): ReadonlyArray<string> {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
