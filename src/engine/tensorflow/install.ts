/**
 * Installs the tensorflow engine into a folder of its own, written aside and renamed: a folder under the final name is whole.
 *
 * First the package's own installer, which downloads libtensorflow and an addon built for it; where that fails (a closed
 * network), the same addon is built here against the C API inside TensorFlow's wheel from PyPI (`buildFromWheel.ts`).
 */
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildFromWheel } from "./buildFromWheel.ts";
import { installedFile, installedTensorFlow, type InstalledTensorFlow } from "./installed.ts";
import { InstallFailure, type RunCommand } from "./runCommand.ts";

export interface InstallOptions {
  /** Where it goes. */
  readonly folder: string;
  /** `engines/tensorflow` of this package: what is to be installed. */
  readonly recipe: string;
  /** With GPU support; such a package computes on the CPU too. */
  readonly gpu: boolean;
  readonly run: RunCommand;
  readonly say: (line: string) => void;
  /** Loads what lies in `folder` in a process of its own and computes with it; gives the library's version, throws where it fails. */
  readonly verify: (folder: string) => Promise<string>;
}

/** What is installed already is checked and left, unless the other package is wanted. Throws `InstallFailure`; then nothing changed. */
export async function installTensorFlow(options: InstallOptions): Promise<InstalledTensorFlow> {
  const { folder, say } = options;
  const before = installedTensorFlow(folder);
  if (before !== undefined && (await stillGood(before, options))) return before;
  sweep(folder);
  const aside = mkdtempAt(folder);
  const interrupted = () => {
    fs.rmSync(aside, { recursive: true, force: true });
    process.exit(130);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const installed = await fill(aside, options);
    write(aside, installed);
    replace(folder, aside);
    say(`installed: TensorFlow ${installed.tensorflow} behind ${installed.package} ${installed.version}, in ${folder}`);
    return installed;
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    fs.rmSync(aside, { recursive: true, force: true });
  }
}

const write = (folder: string, installed: InstalledTensorFlow): void =>
  fs.writeFileSync(join(folder, installedFile), `${JSON.stringify(installed, undefined, 2)}\n`);

const packageOf = (gpu: boolean) => (gpu ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node");

async function stillGood(before: InstalledTensorFlow, { folder, recipe, gpu, verify, say }: InstallOptions) {
  if (before.package !== packageOf(gpu) || before.version !== pinnedVersion(recipe, gpu)) return false;
  try {
    await verify(folder);
    say(`TensorFlow ${before.tensorflow} is installed already, and works`);
    return true;
  } catch (error) {
    say(`what is installed does not work, so it is installed anew: ${(error as Error).message}`);
    return false;
  }
}

function pinnedVersion(recipe: string, gpu: boolean): string {
  const text = fs.readFileSync(join(recipe, "package.json"), "utf8");
  const { dependencies } = JSON.parse(text) as { readonly dependencies: { readonly [name: string]: string } };
  return dependencies[packageOf(gpu)]!;
}

/** Both ways begin with the npm packages; each is tried out before it counts. */
async function fill(aside: string, options: InstallOptions): Promise<InstalledTensorFlow> {
  const { recipe, gpu, run, say, verify } = options;
  for (const name of ["package.json", "package-lock.json", ".npmrc", "tfjs", "tfjs-core"])
    fs.cpSync(join(recipe, name), join(aside, name), { recursive: true });
  say("npm packages (13 MB)");
  await run("npm", ["ci"], aside);
  const common = { package: packageOf(gpu), version: pinnedVersion(recipe, gpu) } as const;
  const tried = async (from: InstalledTensorFlow["from"]) => {
    say("trying it out: a product and its gradient");
    write(aside, { ...common, from, tensorflow: "" }); // which version it is, it says itself
    return { ...common, from, tensorflow: await verify(aside) };
  };
  try {
    say(`${common.package}'s own installer: downloads libtensorflow`);
    await run("npm", ["rebuild", common.package, "--ignore-scripts=false", "--foreground-scripts"], aside);
    return await tried("package");
  } catch (error) {
    if (!(error instanceof InstallFailure)) throw error;
    say(`that failed (${error.reason}); the second way: build the addon against TensorFlow from PyPI`);
  }
  checkSpace(aside, gpu);
  await buildFromWheel({ folder: aside, package: common.package, gpu, run, say });
  return tried("pypi");
}

/** The wheel and what is taken out of it, for a moment side by side; measured 0.85 GB, and 2.2 GB with GPU support. */
function checkSpace(folder: string, gpu: boolean): void {
  const { bavail, bsize } = fs.statfsSync(folder);
  const needed = gpu ? 2.4e9 : 1e9;
  if (bavail * bsize < needed)
    throw new InstallFailure(
      `the disk of ${dirname(folder)} has ${(bavail * bsize) / 1e9} GB left, and ${needed / 1e9} GB are needed`,
      "make room, or name another folder: PIPELINE_TENSORFLOW=DIR",
    );
}

const asidePrefix = (folder: string) => `${basename(folder)}-making-`;

function mkdtempAt(folder: string): string {
  fs.mkdirSync(dirname(folder), { recursive: true });
  const aside = fs.mkdtempSync(join(dirname(folder), asidePrefix(folder)));
  fs.chmodSync(aside, 0o755); // mkdtemp's 0700 would keep the other users of a shared checkout out
  return aside;
}

/** What an interrupted installation left; one that is under way has a folder younger than an hour. */
function sweep(folder: string): void {
  if (!fs.existsSync(dirname(folder))) return;
  for (const name of fs.readdirSync(dirname(folder)).filter((each) => each.startsWith(asidePrefix(folder)))) {
    const path = join(dirname(folder), name);
    if (Date.now() - fs.statSync(path).mtimeMs > 3600_000) fs.rmSync(path, { recursive: true, force: true });
  }
}

/** The former installation goes when the new one stands in its place. */
function replace(folder: string, aside: string): void {
  const former = `${aside}-former`;
  if (fs.existsSync(folder)) fs.renameSync(folder, former);
  fs.renameSync(aside, folder);
  fs.rmSync(former, { recursive: true, force: true });
}
