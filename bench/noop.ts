/**
 * What does a run cost that has nothing to do? The whole command as a user starts it, beside Node's own start; the cache is
 * filled first. Files and cache are temporary.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, type BenchOptions, timeRow } from "./Bench.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const rounds = 7;

/** A loop of one cheap step, another key in each cycle: 1,000 steps in all with the reading. */
const sentences = 1000;
const thousandSteps = `
name: thousand-steps
steps:
  corpus: { uses: read-sentences, with: { path: corpus.txt } }
  each:
    repeat: 999
    steps: { some: { uses: sample, in: { from: corpus }, with: { rows: "\${cycle}" } } }
`;

const wallMs = (command: string, args: ReadonlyArray<string>): number => {
  const began = performance.now();
  const { status, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - began;
};

/** Best of several, in turn with Node's own start. */
function measure(label: string, args: ReadonlyArray<string>) {
  const pipeline = [join(root, "bin", "pipeline.mjs"), "run", ...args];
  wallMs(process.execPath, pipeline);
  const times = Array.from({ length: rounds }, () => ({
    node: wallMs(process.execPath, ["-e", "0"]),
    ours: wallMs(process.execPath, pipeline),
  }));
  const best = (side: "node" | "ours") => Math.min(...times.map((time) => time[side]));
  return timeRow("noop", label, best("ours"), { name: "node -e 0", ms: best("node") });
}

async function run({ note }: BenchOptions) {
  const folder = mkdtempSync(join(tmpdir(), "tandem-noop-"));
  try {
    const file = join(folder, "thousand.yaml");
    writeFileSync(file, thousandSteps);
    writeFileSync(join(folder, "corpus.txt"), Array.from({ length: sentences }, (_, i) => `Sentence ${i}.\n`).join(""));
    note("noop: filling the cache with 1,000 steps and a small main job");
    const cache = ["--cache", join(folder, "cache")];
    return [
      measure("1,000 steps", [file, ...cache]),
      measure("main job", [join(root, "pipelines", "transencoder.yaml"), "--set", "scale=0.02", ...cache]),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const noop: Bench = {
  name: "noop",
  description: "A run with nothing to do, beside Node's own start.",
  run,
};
