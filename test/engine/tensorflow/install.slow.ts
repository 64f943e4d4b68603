/** Installs the tensorflow engine for real into a folder of its own, and runs the suite of all engines on it. Needs npm and PyPI. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "tandem-tensorflow-"));
const folder = join(home, "here");
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = (script: string, args: ReadonlyArray<string>, env: { readonly [name: string]: string } = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, PIPELINE_TENSORFLOW: folder, NO_COLOR: "1", ...env },
  });
  return { status, stdout, stderr };
};

const isPossible = process.platform === "linux" && process.arch === "x64";

describe("pipeline doctor --install tensorflow", () => {
  it.skipIf(!isPossible)("installs an engine that the suite of all engines holds for", () => {
    const installed = run("bin/pipeline.mjs", ["doctor", "--install", "tensorflow", "--json"]);
    expect(installed.stderr).toMatch(/trying it out: a product and its gradient\ninstalled: TensorFlow \d/);
    expect(installed.status).toBe(0);
    expect(JSON.parse(installed.stdout)).toEqual(JSON.parse(readFileSync(join(folder, "installed.json"), "utf8")));

    const again = run("bin/pipeline.mjs", ["doctor", "--install", "tensorflow"]);
    expect(again.stderr).toMatch(/^TensorFlow [\d.]+ is installed already, and works\n$/);

    const report = JSON.parse(run("bin/pipeline.mjs", ["doctor", "--json"]).stdout);
    const found = report.engines.find((each: { engine: string }) => each.engine === "tensorflow");
    expect(found).toMatchObject({ device: "cpu", works: true });
    console.log(`tensorflow: ${found.gigaflops.toFixed(0)} GFLOP/s, ${found.stepMs.toFixed(1)} ms an update`);

    const suite = run("bin/with-node.mjs", ["vitest", "run", "test/engine/engines.slow.ts"], { TANDEM_SLOW: "1" });
    expect(suite.stdout).toMatch(/Tests +\d+ passed/);
    expect(suite.status).toBe(0);
  });
});
