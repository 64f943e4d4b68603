/** The real command while it runs: what its `--json` has told so far, to be watched and interrupted by tests. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RunEvent } from "../../src/core/events.ts";

export const command = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly events: ReadonlyArray<RunEvent>;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  /** Resolves at the first event of which that is true; fails where the command ends without one. */
  readonly until: (holds: (event: RunEvent) => boolean) => Promise<void>;
  readonly ended: Promise<Ended>;
}

/** @param args those of `pipeline`, among them `--json` */
export function startCommand(
  folder: string,
  args: ReadonlyArray<string>,
  env: { readonly [name: string]: string } = {},
): RunningCommand {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const events: Array<RunEvent> = [];
  const watchers = new Set<(event: RunEvent) => void>();
  let [stderr, text] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (more: string) => (stderr += more));
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    const lines = (text + more).split("\n");
    text = lines.pop()!;
    for (const event of lines.map((line) => JSON.parse(line) as RunEvent)) {
      events.push(event);
      for (const watch of watchers) watch(event);
    }
  });
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, events, stderr })),
  );
  const until = (holds: (event: RunEvent) => boolean) =>
    new Promise<void>((resolve, reject) => {
      watchers.add((event) => holds(event) && resolve());
      if (events.some(holds)) resolve();
      void ended.then(() => reject(new Error(`it never came:\n${stderr}\n${JSON.stringify(events)}`)));
    });
  return { child, until, ended };
}
