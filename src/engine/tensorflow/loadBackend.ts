/**
 * Brings TensorFlow's native backend into this process and registers it with our tfjs: backend and kernels are those of
 * @tensorflow/tfjs-node, taken one by one. Its own entry would load a second tfjs beside ours, whose backends ours would not see;
 * here every `require("@tensorflow/tfjs")` of the package ends at a file that hands out the copy named by `sharedCopy`
 * (engines/tensorflow/tfjs/index.cjs).
 *
 * TensorFlow reads its settings when it is loaded, once: a process computes on one device.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as tf from "@tensorflow/tfjs-core";
import { parseDevice } from "../../core/device.ts";
import { EngineUnavailable } from "../EngineChoice.ts";
import { registerOwnKernels } from "../eager/kernels.ts";
import type { InstalledTensorFlow } from "./installed.ts";

export const backendName = "tensorflow";

/** Where the installed package finds our tfjs; the same key stands in engines/tensorflow/tfjs/index.cjs. */
const sharedCopy = Symbol.for("tandem.tfjs-core");

interface NativeBinding {
  readonly TF_Version: string;
  readonly isUsingGpuDevice: () => boolean;
}

type BackendClass = new (binding: NativeBinding, packageName: string) => tf.KernelBackend;

export interface LoadOptions {
  readonly folder: string;
  readonly installed: InstalledTensorFlow;
  readonly device: string;
  readonly threads?: number;
}

interface Loaded {
  readonly folder: string;
  readonly device: string;
  /** Of the library, as it says itself. */
  readonly tensorflow: string;
}

let loaded: Loaded | undefined;

/** Registers the backend `tensorflow`; gives the library's version. Throws `EngineUnavailable` where the library cannot be loaded, or has no such device. */
export function loadBackend(options: LoadOptions): string {
  const { folder, installed, device } = options;
  if (loaded !== undefined) return checkSame(loaded, options).tensorflow;
  setEnvironment(options);
  const require = createRequire(join(folder, "package.json"));
  const tfjs = createRequire(import.meta.url)("@tensorflow/tfjs-core") as typeof tf;
  const binding = loadNative(require, options, tfjs);
  if (parseDevice(device)?.class === "cuda" && !binding.isUsingGpuDevice()) throw noGpu(installed);
  const Backend = (
    require(`${installed.package}/dist/nodejs_kernel_backend.js`) as { NodeJSKernelBackend: BackendClass }
  ).NodeJSKernelBackend;
  require(`${installed.package}/dist/register_all_kernels.js`);
  const backend = new Backend(binding, installed.package);
  // One and the same, however often tfjs asks; never chosen by itself, though its priority is not the least.
  tfjs.registerBackend(backendName, () => backend, 0);
  registerOwnKernels(backendName);
  loaded = { folder, device, tensorflow: binding.TF_Version };
  return loaded.tensorflow;
}

function checkSame(before: Loaded, { folder, device }: LoadOptions): Loaded {
  if (before.folder === folder && before.device === device) return before;
  throw new Error(`TensorFlow of ${before.folder} computes on ${before.device} in this process, and cannot change.`);
}

/** The addon, the shared copy in place. */
function loadNative(require: NodeJS.Require, { installed, folder }: LoadOptions, tfjs: typeof tf): NativeBinding {
  (globalThis as { [sharedCopy]?: typeof tf })[sharedCopy] = tfjs;
  const util = require("node:util") as { [name: string]: unknown };
  // Gone in Node 23 and deprecated before; the package still calls them (tfjs issue 8609).
  util["isNullOrUndefined"] = (value: unknown) => value === null || value === undefined;
  util["isArray"] = Array.isArray;
  try {
    return require(`${installed.package}/lib/napi-v8/tfjs_binding.node`) as NativeBinding;
  } catch (cause) {
    throw new EngineUnavailable(
      `TensorFlow cannot be loaded from ${folder}: ${(cause as Error).message.split("\n")[0]}`,
      { needs: "install it anew", command: "pipeline doctor --install tensorflow" },
      { cause },
    );
  }
}

function noGpu(installed: InstalledTensorFlow): EngineUnavailable {
  const remedy =
    installed.package === "@tensorflow/tfjs-node"
      ? {
          needs: "installed is the package without GPU support; on a machine whose GPU nvidia-smi shows",
          command: "pipeline doctor --install tensorflow",
        }
      : {
          needs:
            "it needs NVIDIA's driver, and the CUDA and cuDNN libraries of its version: CUDA 11.2 with cuDNN 8.1 for TensorFlow 2.9, CUDA 12.3 with cuDNN 8.9 for 2.16",
        };
  return new EngineUnavailable("TensorFlow found no GPU that it can compute on", remedy);
}

/** What a user set stays. */
function setEnvironment({ device, threads }: LoadOptions): void {
  const { class: deviceClass, index } = parseDevice(device)!;
  const settings: { [name: string]: string } = {
    TF_CPP_MIN_LOG_LEVEL: "2", // errors only
    TF_DETERMINISTIC_OPS: "1",
    TF_FORCE_GPU_ALLOW_GROWTH: "true",
    NVIDIA_TF32_OVERRIDE: "0", // float32 is float32
    ...(threads === undefined ? {} : { TF_NUM_INTRAOP_THREADS: String(threads), OMP_NUM_THREADS: String(threads) }),
  };
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value;
  // Not a preference but the choice itself: TensorFlow takes whatever GPU it sees.
  if (deviceClass === "cpu") process.env["CUDA_VISIBLE_DEVICES"] = "-1";
  else process.env["CUDA_VISIBLE_DEVICES"] = visibleGpus()?.[index] ?? String(index);
}

/** Of several GPUs those that this process may see, where someone said so. */
const visibleGpus = (): ReadonlyArray<string> | undefined =>
  process.env["CUDA_VISIBLE_DEVICES"]?.split(",").filter((each) => each !== "");
