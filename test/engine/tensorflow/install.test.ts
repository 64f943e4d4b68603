/** The installation with commands that only pretend; `install.slow.ts` does it for real. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installTensorFlow } from "../../../src/engine/tensorflow/install.ts";
import { installedTensorFlow, recipeFolder } from "../../../src/engine/tensorflow/installed.ts";
import { InstallFailure, runCommand, type RunCommand } from "../../../src/engine/tensorflow/runCommand.ts";

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tandem-install-"));
  folder = join(home, "installed");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Pretended {
  /** First words of commands that fail. */
  readonly failing?: ReadonlyArray<string>;
  readonly verify?: () => Promise<string>;
  readonly gpu?: boolean;
}

/** What was said and run, and how it ended. */
async function pretend({ failing = [], verify = async () => "2.9.1", gpu = false }: Pretended = {}) {
  const said: Array<string> = [];
  const ran: Array<string> = [];
  const run: RunCommand = async (command, args, at) => {
    const line = [command, ...args].join(" ");
    ran.push(line.slice(0, 60));
    if (failing.some((start) => line.startsWith(start))) throw new InstallFailure(`${start(line)} failed`, "hint");
    if (args.includes("download")) {
      mkdirSync(join(at, "wheels"));
      writeFileSync(join(at, "wheels", "tensorflow.whl"), "");
    }
    if (args[0] === "-c") {
      mkdirSync(join(at, "library", "tensorflow"), { recursive: true });
      writeFileSync(join(at, "library", "tensorflow", "libtensorflow_cc.so.2"), "");
    }
    return "";
  };
  const options = { folder, recipe: recipeFolder(), gpu, run, verify, say: (line: string) => void said.push(line) };
  const outcome = await installTensorFlow(options).catch((error: unknown) => error);
  return { outcome, said, ran };
}
const start = (line: string) => line.split(" ").slice(0, 2).join(" ");

const closedNetwork = "npm rebuild";
const isLinux = process.platform === "linux" && process.arch === "x64";

describe("the installation of the tensorflow engine", () => {
  it("takes the package's own installer first, and writes down what there is", async () => {
    const { outcome, ran } = await pretend();
    const expected = {
      package: "@tensorflow/tfjs-node",
      version: "4.22.0",
      from: "package",
      tensorflow: "2.9.1",
    };
    expect(outcome).toEqual(expected);
    expect(installedTensorFlow(folder)).toEqual(expected);
    expect(ran).toEqual(["npm ci", "npm rebuild @tensorflow/tfjs-node --ignore-scripts=false --f"]);
    expect(readdirSync(home)).toEqual(["installed"]);
    expect(existsSync(join(folder, "tfjs", "index.cjs"))).toBe(true);
  });

  it("takes the package with GPU support where there is a GPU", async () => {
    const { outcome } = await pretend({ gpu: true });
    expect(outcome).toMatchObject({ package: "@tensorflow/tfjs-node-gpu" });
  });

  it.runIf(isLinux)("builds the addon against PyPI's wheel where the first way fails", async () => {
    const { outcome, ran, said } = await pretend({ failing: [closedNetwork], verify: async () => "2.16.2" });
    expect(outcome).toMatchObject({ from: "pypi", tensorflow: "2.16.2" });
    expect(ran.map(start)).toEqual([
      "npm ci",
      "npm rebuild",
      "g++ --version",
      "python3 --version",
      "python3 -m",
      "python3 -m",
      "python3 -c",
      "g++ -O2",
    ]);
    expect(said).toEqual([
      "npm packages (13 MB)",
      "@tensorflow/tfjs-node's own installer: downloads libtensorflow",
      "that failed (npm rebuild failed); the second way: build the addon against TensorFlow from PyPI",
      "tensorflow-cpu==2.16.2 from PyPI (214 MB)",
      "unpacking TensorFlow's library and headers",
      "compiling the addon (some ten seconds)",
      "trying it out: a product and its gradient",
      `installed: TensorFlow 2.16.2 behind @tensorflow/tfjs-node 4.22.0, in ${folder}`,
    ]);
    expect(existsSync(join(folder, "wheels"))).toBe(false);
  });

  it.runIf(isLinux)("names all tools that the second way lacks, and leaves nothing behind", async () => {
    const { outcome } = await pretend({ failing: [closedNetwork, "g++ --version", "python3 -m pip --version"] });
    expect(outcome).toBeInstanceOf(InstallFailure);
    expect(outcome).toMatchObject({
      message: "it needs g++, pip",
      hint: "on Debian: apt install g++ python3-pip",
    });
    expect(readdirSync(home)).toEqual([]);
  });

  it("keeps what works, and replaces what does not", async () => {
    await pretend();
    const again = await pretend();
    expect(again.said).toEqual(["TensorFlow 2.9.1 is installed already, and works"]);
    let tries = 0;
    const broken = async () => {
      if (tries++ === 0) throw new InstallFailure("it crashed", "hint");
      return "2.9.1";
    };
    const anew = await pretend({ verify: broken });
    expect(anew.said[0]).toBe("what is installed does not work, so it is installed anew: it crashed");
    expect(anew.outcome).toMatchObject({ tensorflow: "2.9.1" });
    expect(readdirSync(home)).toEqual(["installed"]);
  });

  it("leaves a working installation where a new one fails", async () => {
    await pretend();
    const { outcome } = await pretend({ gpu: true, failing: ["npm ci"] });
    expect(outcome).toMatchObject({ message: "npm ci failed" });
    expect(installedTensorFlow(folder)).toMatchObject({ package: "@tensorflow/tfjs-node" });
    expect(readdirSync(home)).toEqual(["installed"]);
  });

  it("sweeps what an interrupted one left an hour ago", async () => {
    const left = join(home, "installed-making-x");
    mkdirSync(left);
    utimesSync(left, 0, 0);
    await pretend();
    expect(readdirSync(home)).toEqual(["installed"]);
  });
});

const run = (command: string, ...args: ReadonlyArray<string>) =>
  runCommand(command, args, tmpdir()).catch((error: unknown) => error);

describe("a command of the installation", () => {
  it("gives what it printed", async () => {
    expect(await run(process.execPath, "-e", "console.log(7)")).toBe("7\n");
  });

  it("fails with the line that says why", async () => {
    const script = "console.error('npm warn x\\nError: getaddrinfo ENOTFOUND a.b\\n    at x'); process.exit(3)";
    expect(await run(process.execPath, "-e", script)).toMatchObject({
      reason: `${process.execPath} -e: Error: getaddrinfo ENOTFOUND a.b`,
    });
  });

  it("says that it is not there", async () => {
    expect(await run("no-such-tool")).toMatchObject({
      message: "no-such-tool is not there",
      hint: "install no-such-tool, or put it on PATH",
    });
  });
});
