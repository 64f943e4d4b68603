/** Runs the real `pipeline` command in a folder of its own. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../bin/pipeline.mjs", import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "tandem-cli-"));

  file(name: string, content: string | Uint8Array): string {
    writeFileSync(join(this.folder, name), content);
    return name;
  }

  /** Settles when the command has ended; `atStdout` sees its process at its first output there. */
  run(
    args: ReadonlyArray<string>,
    options: {
      readonly env?: NodeJS.ProcessEnv;
      readonly atStdout?: (pid: number) => void;
      /** Written to standard input, half of it a moment later. */
      readonly stdin?: string;
    } = {},
  ): Promise<Ran> {
    const env = { ...process.env, PIPELINE_CACHE: "", NO_COLOR: "", ...options.env };
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: this.folder,
      env,
      stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const { stdin = "" } = options;
    child.stdin?.write(stdin.slice(0, stdin.length / 2));
    if (child.stdin !== null) setTimeout(() => child.stdin?.end(stdin.slice(stdin.length / 2)), 50);
    let [stdout, stderr] = ["", ""];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      if (stdout === "") options.atStdout?.(child.pid!);
      stdout += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Cheap stages only, with a loop: under a second. */
export const tinyPipeline = `name: tiny
seed: 3
params: { cycles: 2, rows: 3 }
steps:
  corpus: { uses: read-sentences, with: { path: data.txt } }
  few: { uses: sample, in: { from: corpus }, with: { rows: "\${params.rows}" } }
  again:
    repeat: "\${params.cycles}"
    carry: { input: few }
    steps:
      half: { uses: sample, in: { from: few }, with: { rows: "\${cycle}" } }
      unique: { uses: deduplicate, in: { from: half } }
    next: { input: unique }
outputs: { rows: again.input }
`;
export const tinyData = ["one fish", "two fish", "red fish", "blue fish", ""].join("\n");
