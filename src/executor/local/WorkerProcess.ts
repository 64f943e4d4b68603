/**
 * One long-lived worker process, seen from the driver. It has a process group of its own, so that a Ctrl-C in the terminal
 * reaches the driver alone, which then asks the worker to end.
 */
import { fork, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { StageFailure, type StoreError } from "../../core/errors.ts";
import type { Task, TaskListener, TaskResult } from "../../core/Executor.ts";
import type { AnyStage } from "../../core/Stage.ts";
import { readFromWorker, type FromDriver, type FromWorker, type TaskMessage } from "./messages.ts";

export interface WorkerEntry {
  /** The file the process runs: it calls `serveWorker`. */
  readonly path: string;
  readonly args: ReadonlyArray<string>;
  readonly env: { readonly [name: string]: string | undefined };
}

/** How a task ended. */
export type Ended =
  | { readonly kind: "done"; readonly result: TaskResult }
  | { readonly kind: "failed"; readonly failure: StageFailure | StoreError };

interface CurrentTask {
  readonly task: Task;
  readonly listener: TaskListener;
  readonly onEnd: (ended: Ended) => void;
}

const lastWordsMs = 300;

/** Lines of a dead worker's output that go into the error. */
const keptLines = 8;

export class WorkerProcess {
  /** Device and threads of the first task that used the engine (empty: the run's); undefined before there was one. */
  computesOn: string | undefined;
  private readonly child: ChildProcess;
  private readonly outOfMemoryKills = countOutOfMemoryKills();
  private lastLines: Array<string> = [];
  private current: CurrentTask | undefined;
  private hasExited = false;
  private readonly exited: Promise<void>;

  constructor(entry: WorkerEntry) {
    this.child = fork(entry.path, entry.args, {
      detached: true,
      execArgv: [],
      env: { ...process.env, ...entry.env },
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    // What a stage prints must not get between the lines of `run --json`; the last of it explains a death.
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => this.keepLines(text));
    }
    this.child.on("message", (message) => this.hear(message));
    // Not `close`: after a disconnect from this side, Node never tells it.
    const isGone = new Promise<string>((resolve) => {
      this.child.on("error", (error) => resolve(error.message));
      this.child.on("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.exited = isGone.then(async (how) => {
      this.hasExited = true;
      await Promise.race([this.outputEnd(), sleep(lastWordsMs, undefined, { ref: false })]);
      this.died(how);
    });
  }

  get isAlive(): boolean {
    return !this.hasExited && this.child.connected;
  }

  start(current: CurrentTask): void {
    this.current = current;
    this.lastLines = [];
    const { stage, ...rest } = current.task;
    const task: TaskMessage = { ...rest, stage: stage.name, version: stage.version, ...codeOf(stage) };
    this.say({ kind: "run", task });
  }

  /** Asks the task to end after the batch in hand. */
  interrupt(): void {
    this.say({ kind: "interrupt" });
  }

  /** With its process group: whatever it started goes too. */
  kill(): void {
    if (this.hasExited || this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, "SIGKILL");
    } catch {
      this.child.kill("SIGKILL");
    }
  }

  /** Lets an idle worker go: it exits when its channel closes. Resolves when it is gone, by force after `graceMs`. */
  async release(graceMs: number): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  private say(message: FromDriver): void {
    // A failed send means that the worker is gone; its `close` event tells so.
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private hear(raw: unknown): void {
    const message = this.understood(raw);
    if (message === undefined || this.current === undefined) return;
    switch (message.kind) {
      case "progress":
        return this.current.listener.onProgress(message.report);
      case "warning":
        return this.current.listener.onWarning(message.message);
      case "done":
        return this.end({ kind: "done", result: message.result as TaskResult });
      case "failed":
        return this.end({ kind: "failed", failure: message.failure });
    }
  }

  private understood(raw: unknown): FromWorker | undefined {
    try {
      return readFromWorker(raw);
    } catch (error) {
      this.kill();
      this.died(`a message that is none: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** What it printed last may come after its end; a process that it started and that still prints is not waited for. */
  private async outputEnd(): Promise<void> {
    await Promise.all(
      [this.child.stdout!, this.child.stderr!].map((stream) => finished(stream).catch(() => undefined)),
    );
  }

  private end(ended: Ended): void {
    const { current } = this;
    this.current = undefined;
    current?.onEnd(ended);
  }

  private died(how: string): void {
    if (this.current === undefined) return;
    const { step } = this.current.task;
    this.end({ kind: "failed", failure: deathOf(step, how, this.lastLines, this.outOfMemoryKills) });
  }

  private keepLines(text: string): void {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    this.lastLines = [...this.lastLines, ...lines].slice(-keptLines);
  }
}

/** What another process loads a stage of the user's own by; the others it has by name. */
function codeOf({ code }: AnyStage): Pick<TaskMessage, "code"> {
  if (code === undefined) return {};
  const { file, digest, packages, module } = code;
  return { code: { file, digest, packages, module } };
}

function deathOf(step: string, how: string, lastLines: ReadonlyArray<string>, killsBefore: number): StageFailure {
  const said = lastLines.length === 0 ? "" : ` Its last words: ${lastLines.join(" | ")}`;
  const ranOut = lastLines.some((line) => /heap out of memory|bad_alloc/i.test(line));
  const wasKilledForMemory = how === "SIGKILL" && countOutOfMemoryKills() > killsBefore;
  if (ranOut || wasKilledForMemory) {
    return new StageFailure({
      cause: "out-of-memory",
      message: `${step}: its worker ran out of memory (${how}).${said}`,
      hint: "Make its batches smaller, or run fewer steps at once (--jobs 1).",
    });
  }
  return new StageFailure({
    cause: "killed",
    message: `${step}: its worker died (${how}).${said}`,
    hint: "Run the same command again: all that finished before was kept, and a training goes on from its last checkpoint.",
  });
}

/** How often the kernel killed for memory in this control group; 0 where it does not tell. */
function countOutOfMemoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync("/sys/fs/cgroup/memory.events", "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
