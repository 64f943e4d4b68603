/**
 * Finds, or builds, the bundle of our sources that this machine runs: 350 modules to load, 120 of them TypeScript to be stripped
 * at every start, cost half a second of processor time. A bundle belongs to one state of the sources, told by the stamps
 * of all files (as make does, with size, change time and inode besides); whatever keeps it from being built, the sources run.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const hourMs = 3600 * 1000;
/** None goes before it was unused for this long; a run that lasts longer says every hour that it uses its own. */
const keptMs = 24 * hourMs;

/**
 * The module that is the command line, in the bundle where there can be one, else `src/cli/main.ts`; and a folder for what
 * V8 compiles of it, which goes when the bundle goes.
 */
export function commandLineModule(root) {
  const home = join(root, "node_modules", ".cache", "tandem");
  const sources = {
    url: pathToFileURL(join(root, "src", "cli", "main.ts")).href,
    compileCache: join(home, "compiled"),
  };
  if (process.env.PIPELINE_UNBUNDLED === "1") return sources;
  const bundle = join(home, `bundle-${stampOf(root)}`);
  const entry = join(bundle, "main.js");
  if (!existsSync(entry)) build(root, home, bundle);
  touch(bundle);
  setInterval(touch, hourMs, bundle).unref();
  return existsSync(entry) ? { url: pathToFileURL(entry).href, compileCache: join(bundle, "compiled") } : sources;
}

/** One hash over the stamps of all that goes into a bundle. Change times cannot be set back, unlike modification times. */
export function stampOf(root) {
  const hash = createHash("sha256");
  for (const path of sourcesOf(root)) {
    const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
    hash.update(`${path} ${size} ${mtimeNs} ${ctimeNs} ${ino}\n`);
  }
  return hash.digest("hex").slice(0, 20);
}

function sourcesOf(root) {
  const modules = ["src", "stages"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(root, folder, name)),
  );
  const others = ["package.json", "package-lock.json", "bin/buildBundle.mjs"].map((name) => join(root, name));
  return [...modules.sort(), ...others.filter((path) => existsSync(path))];
}

/** Built aside by a process of its own, then renamed; of two at once the first stays. Failing costs speed, nothing else. */
function build(root, home, bundle) {
  let aside;
  try {
    mkdirSync(home, { recursive: true });
    sweep(home);
    aside = mkdtempSync(join(home, "building-"));
    const builder = join(dirname(fileURLToPath(import.meta.url)), "buildBundle.mjs");
    const { status } = spawnSync(process.execPath, [builder, root, aside], { stdio: "ignore" });
    if (status === 0) renameSync(aside, bundle);
  } catch {
    // a read-only installation, or another process was first
  } finally {
    if (aside !== undefined) rmSync(aside, { recursive: true, force: true });
  }
}

const touch = (bundle) => {
  try {
    const { mtimeMs } = statSync(bundle);
    if (Date.now() - mtimeMs > hourMs / 2) utimesSync(bundle, new Date(), new Date());
  } catch {
    // none was built, or it is read-only, and then nothing there is ever swept either
  }
};

function sweep(home) {
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    if (Date.now() - statSync(path).mtimeMs > keptMs) rmSync(path, { recursive: true, force: true });
  }
}
