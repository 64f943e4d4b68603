/** Processes of the tests' own scripts, some of which end by SIGKILL. */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly pid: number;
  readonly wasKilled: boolean;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  /** Its first output. */
  readonly isUp: Promise<void>;
  readonly ended: Promise<Ended>;
}

/** @param script a file of `test/kit` */
export function start(
  script: string,
  args: ReadonlyArray<string>,
  env: { readonly [name: string]: string } = {},
): Started {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  return {
    child,
    isUp: new Promise((resolve) => child.stdout.once("data", () => resolve())),
    ended: new Promise((resolve) =>
      child.on("close", (code, signal) =>
        resolve({ pid: child.pid!, wasKilled: signal === "SIGKILL", code, stdout, stderr }),
      ),
    ),
  };
}

/** How to find what a process has started. */
export const canFindProcesses = process.platform === "linux";

/** A process and all that it has started, at one moment: it is stopped first, so that it starts nothing more. */
export function killTree(pid: number): void {
  signal(pid, "SIGSTOP");
  for (const child of childrenOf(pid)) killTree(child);
  signal(pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}

function childrenOf(pid: number): ReadonlyArray<number> {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
