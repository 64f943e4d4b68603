/**
 * The addon of tfjs-node, whose C++ sources are in its npm package, built against the C API inside TensorFlow's wheel: for closed
 * networks that reach npm and PyPI but not Google's storage. The run-time path is relative, so the folder may be moved.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import type { InstalledTensorFlow } from "./installed.ts";
import { InstallFailure, type RunCommand } from "./runCommand.ts";

/** The newest with which tfjs-core's own test suite has no failure on this addon; 2.17 and later round int32 wrongly. */
const tensorFlowVersion = "2.16.2";
/** Any Python that the wheel exists for: it is only unpacked. */
const wheelPython = "3.11";

export interface WheelOptions {
  /** Has the npm packages in its node_modules. */
  readonly folder: string;
  readonly package: InstalledTensorFlow["package"];
  readonly gpu: boolean;
  readonly run: RunCommand;
  readonly say: (line: string) => void;
}

/** Throws `InstallFailure`. */
export async function buildFromWheel(options: WheelOptions): Promise<void> {
  await checkTools(options);
  await unpackWheel(options);
  await compile(options);
}

/** All that is missing, at once. */
async function checkTools({ folder, run }: WheelOptions): Promise<void> {
  if (platform() !== "linux" || arch() !== "x64")
    throw new InstallFailure(
      `the second way is for Linux on x86-64, and this is ${platform()} on ${arch()}`,
      "install from a network that reaches storage.googleapis.com",
    );
  const tools = {
    "g++": ["g++", "--version"],
    python3: ["python3", "--version"],
    pip: ["python3", "-m", "pip", "--version"],
  };
  const missing: Array<string> = [];
  for (const [name, [command, ...args]] of Object.entries(tools))
    await run(command!, args, folder).catch(() => void missing.push(name));
  if (missing.length === 0) return;
  const packages = missing.map((name) => (name === "pip" ? "python3-pip" : name)).join(" ");
  throw new InstallFailure(`it needs ${missing.join(", ")}`, `on Debian: apt install ${packages}`);
}

/** Only what is linked against and included; Python's own zip reader, so that nothing else is needed. */
const unpack = `
import sys, zipfile
wheel, target, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(target, [name for name in archive.namelist() if name.startswith(tuple(prefixes))])
`;

const wanted = [
  "tensorflow/libtensorflow_cc.so.2",
  "tensorflow/libtensorflow_framework.so.2",
  "tensorflow/include/tensorflow/c/",
  "tensorflow/include/tensorflow/core/platform/ctstring",
  "tensorflow/include/tsl/c/",
  "tensorflow/include/tsl/platform/ctstring",
];

async function unpackWheel({ folder, gpu, run, say }: WheelOptions): Promise<void> {
  const wheel = `${gpu ? "tensorflow" : "tensorflow-cpu"}==${tensorFlowVersion}`;
  say(`${wheel} from PyPI (${gpu ? "590" : "214"} MB)`);
  const platforms = ["manylinux2014_x86_64", "manylinux_2_17_x86_64"].flatMap((each) => ["--platform", each]);
  const python = ["--python-version", wheelPython, ...platforms];
  const wheels = join(folder, "wheels");
  await run(
    "python3",
    ["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", ...python, "-d", wheels, wheel],
    folder,
  );
  const [file] = readdirSync(wheels);
  say("unpacking TensorFlow's library and headers");
  await run("python3", ["-c", unpack, join(wheels, file!), join(folder, "library"), ...wanted], folder);
  rmSync(wheels, { recursive: true });
}

async function compile({ folder, package: name, run, say }: WheelOptions): Promise<void> {
  say("compiling the addon (some ten seconds)");
  const source = join("node_modules", name, "binding");
  const target = join("node_modules", name, "lib", "napi-v8");
  const library = join("library", "tensorflow");
  if (!existsSync(join(folder, library, "libtensorflow_cc.so.2")))
    throw new InstallFailure(`TensorFlow's wheel has no libtensorflow_cc.so.2`, "tell tandem's authors");
  mkdirSync(join(folder, target), { recursive: true });
  const flags = ["-O2", "-std=c++17", "-fPIC", "-shared", "-DNAPI_VERSION=8", "-DBUILDING_NODE_EXTENSION"];
  const headers = ["-Inode_modules/node-api-headers/include", `-I${library}/include`];
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((file) => join(source, file));
  const libraries = [`-L${library}`, "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"];
  const runPath = `-Wl,-rpath,$ORIGIN/../../../../../${library}`; // five folders up from lib/napi-v8 is `folder`
  const addon = join(target, "tfjs_binding.node");
  await run("g++", [...flags, ...headers, ...sources, "-o", addon, ...libraries, runPath], folder);
}
