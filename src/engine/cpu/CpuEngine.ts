/** The reference engine: tfjs's own cpu backend. Slow and plain; tests hold other engines to it. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { EagerEngine } from "../eager/EagerEngine.ts";
import { registerOwnKernels } from "../eager/kernels.ts";
import { cpuIdentity } from "../identity.ts";

const backendName = "cpu";

registerOwnKernels(backendName);

// At its first tensor the backend prints an advertisement for the TensorFlow backend to stderr.
(tf.findBackend(backendName) as unknown as { firstUse: boolean }).firstUse = false;

export class CpuEngine extends EagerEngine {
  constructor() {
    super(backendName, cpuIdentity);
  }
}
