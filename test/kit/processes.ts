/** Processes of the tests' own scripts, some of which end by SIGKILL. */
import { spawn, type ChildProcess } from "node:child_process";
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

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
