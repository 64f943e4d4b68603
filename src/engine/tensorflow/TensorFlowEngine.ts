/** TensorFlow, eagerly: the same functions on the native backend of @tensorflow/tfjs-node or tfjs-node-gpu, where installed. */
import { parseDevice } from "../../core/device.ts";
import { EagerEngine } from "../eager/EagerEngine.ts";
import { notInstalled } from "../EngineChoice.ts";
import { installedTensorFlow, tensorFlowFolder, tensorFlowIdentity } from "./installed.ts";
import { backendName, loadBackend } from "./loadBackend.ts";

export interface TensorFlowOptions {
  /** `cpu`, `cuda`, `cuda:1`; default `cpu`. A process has one. */
  readonly device?: string;
  /** Threads an operation computes with; as with the device, the first engine of a process decides. Default: all cores. */
  readonly threads?: number;
  /** Where it is installed; default: `tensorFlowFolder()`. */
  readonly folder?: string;
}

export class TensorFlowEngine extends EagerEngine {
  /** Loads the library at the first engine of a process. Throws `EngineUnavailable`. */
  constructor({ device = "cpu", folder = tensorFlowFolder(), threads }: TensorFlowOptions = {}) {
    const installed = installedTensorFlow(folder);
    if (installed === undefined) throw notInstalled();
    const tensorflow = loadBackend({ folder, installed, device, ...(threads === undefined ? {} : { threads }) });
    super(backendName, {
      ...tensorFlowIdentity({ ...installed, tensorflow }),
      deviceClass: parseDevice(device)!.class,
    });
  }
}
