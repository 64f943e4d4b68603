/** onnxruntime's session options for a device, and what its errors about devices mean to whoever chose one. */
import { env, type InferenceSession, listSupportedBackends } from "onnxruntime-node";
import { type DeviceClass, parseDevice } from "../../core/device.ts";
import { EngineUnavailable, type Remedy } from "../EngineChoice.ts";

export interface DeviceOptions {
  /** `cpu`, `cuda:1`; default `cpu`. */
  readonly device?: string;
  /** All of a graph has to run on the device: else what it cannot do is left to the CPU, as is usual for shapes and indices. */
  readonly nothingElsewhere?: boolean;
}

/** Empty for the CPU: what onnxruntime does anyway. */
export function executionProviders({
  device = "cpu",
  nothingElsewhere = false,
}: DeviceOptions): InferenceSession.SessionOptions {
  const { class: name, index } = parseDevice(device)!;
  if (name === "cpu") return {};
  env.logLevel = "fatal"; // its errors are told by exceptions; printed too, they get between other lines
  process.env["NVIDIA_TF32_OVERRIDE"] ??= "0"; // float32 is float32
  return {
    executionProviders: [hasIndex(name) ? { name, deviceId: index } : name],
    logSeverityLevel: 4,
    ...(nothingElsewhere ? { extra: { session: { disable_cpu_ep_fallback: "1" } } } : {}),
  };
}

/** What has none of the operations that onnxruntime adds to ONNX's, and would leave those products to the CPU. */
export const needsStandard = ({ device = "cpu" }: DeviceOptions): boolean =>
  ["tensorrt", "webgpu", "coreml"].includes(parseDevice(device)!.class);

const hasIndex = (name: DeviceClass) => name === "cuda" || name === "tensorrt" || name === "dml";

/** The devices that this build of onnxruntime can drive, given drivers and libraries. */
export const builtInDevices = (): ReadonlyArray<string> => listSupportedBackends().map(({ name }) => name);

/** Why the device is not to be had, in one sentence, and what to install. */
export function unavailable(device: string, cause: unknown): EngineUnavailable {
  const { class: name } = parseDevice(device)!;
  const reason = cause instanceof Error ? lastSentence(cause.message) : String(cause);
  const built = builtInDevices();
  if (!built.includes(name))
    return new EngineUnavailable(
      `The device ${device} is not available: onnxruntime for ${process.platform} on ${process.arch} has none`,
      { needs: `it has ${built.join(", ")}` },
      { cause },
    );
  return new EngineUnavailable(`The device ${device} is not available: ${reason}`, remedies[name], { cause });
}

/** Out of the file names and conditions of a native exception, what it says at its end. */
const lastSentence = (message: string): string =>
  message
    .trim()
    .split("\n")
    .at(-1)!
    .replace(/^.* was false\. /, "")
    .replace(/^OrtSessionOptions\w+: /, "onnxruntime says: ");

const cudaParts =
  "ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false --foreground-scripts";

const remedies: { readonly [name in DeviceClass]: Remedy } = {
  cpu: { needs: "every machine has one: tell tandem's authors" },
  cuda: {
    needs: "it needs NVIDIA's driver, CUDA 12 with cuDNN 9, and onnxruntime's parts for them",
    command: cudaParts,
  },
  tensorrt: {
    needs: "it needs NVIDIA's driver, CUDA 12 with cuDNN 9, TensorRT 10, and onnxruntime's parts for them",
    command: cudaParts,
  },
  webgpu: {
    needs: "it needs a GPU with a recent Vulkan driver; on Debian",
    command: "apt install libvulkan1 mesa-vulkan-drivers",
  },
  dml: { needs: "it needs a GPU with DirectX 12" },
  coreml: { needs: "it needs a Mac" },
};
