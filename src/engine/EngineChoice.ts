/**
 * Which engine computes, and on which device. What was chosen is used or fails with a sentence that says what to install; nothing
 * is replaced by something else. Light: commands that only look need it for their keys.
 */
import type { EngineIdentity } from "../core/ActionRecord.ts";
import { type DeviceClass, deviceClasses, parseDevice } from "../core/device.ts";
import type { EngineName } from "./engineNames.ts";
import { cpuIdentity, onnxIdentity } from "./identity.ts";
import { installedTensorFlow, tensorFlowFolder, tensorFlowIdentity } from "./tensorflow/installed.ts";

export interface EngineChoice {
  readonly engine: EngineName;
  /** `cpu`, `cuda:1`: a name that `parseDevice` takes. */
  readonly device: string;
}

export const defaultChoice: EngineChoice = { engine: "onnx", device: "cpu" };

/** What each engine can compute on, given the hardware and the libraries for it. */
export const devicesOf: { readonly [engine in EngineName]: ReadonlyArray<DeviceClass> } = {
  onnx: deviceClasses,
  tensorflow: ["cpu", "cuda"],
  cpu: ["cpu"],
};

/** What would make an engine or a device available: in words, and the command where there is one. */
export interface Remedy {
  readonly needs: string;
  readonly command?: string;
}

/** The engine, or the device, is not to be had on this machine as it is: one sentence, and what to do. */
export class EngineUnavailable extends Error {
  readonly remedy: Remedy;
  constructor(message: string, remedy: Remedy, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineUnavailable";
    this.remedy = remedy;
  }

  get hint(): string {
    const { needs, command } = this.remedy;
    return command === undefined ? needs : `${needs}: ${command}`;
  }
}

/** The identity that enters keys. Throws `EngineUnavailable` where the engine is not installed, or has no such device. */
export function identityOf({ engine, device }: EngineChoice): EngineIdentity {
  const deviceClass = parseDevice(device)?.class;
  if (deviceClass === undefined || !devicesOf[engine].includes(deviceClass))
    throw new EngineUnavailable(`The ${engine} engine cannot compute on ${device}`, {
      needs: `it computes on ${devicesOf[engine].join(", ")}`,
    });
  if (engine === "onnx") return { ...onnxIdentity, deviceClass };
  if (engine === "cpu") return cpuIdentity;
  const installed = installedTensorFlow(tensorFlowFolder());
  if (installed === undefined) throw notInstalled();
  return { ...tensorFlowIdentity(installed), deviceClass };
}

export const notInstalled = (): EngineUnavailable =>
  new EngineUnavailable("The tensorflow engine is not installed", {
    needs: "install it",
    command: "pipeline doctor --install tensorflow",
  });
