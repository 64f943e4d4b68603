/** What makes an engine's numbers equal; part of every key of a stage that computes. No heavy import: plans need it. */
import type { EngineIdentity } from "../core/ActionRecord.ts";

export const onnxIdentity: EngineIdentity = {
  name: "onnx",
  version: "1.30.0", // of onnxruntime-node; a test compares it with package.json
  precision: "float32",
  deviceClass: "cpu",
  // Raised when graphs, kernels, dropout or random streams change any number; a golden test reminds.
  arithmeticVersion: 2,
};

export const cpuIdentity: EngineIdentity = {
  ...onnxIdentity,
  name: "cpu",
  version: "4.22.0", // of @tensorflow/tfjs-backend-cpu; compared like the other
};
