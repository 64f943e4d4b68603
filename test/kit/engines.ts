/**
 * The engines that every test of all engines runs on: `cpu` and `onnx` in the fast ones; in the slow ones `tensorflow` where it is
 * installed, and what PIPELINE_TEST_DEVICE names of onnxruntime's devices (`webgpu`, `cuda`). Slow files import the fast ones.
 */
import { CpuEngine } from "../../src/engine/cpu/CpuEngine.ts";
import type { EngineShape } from "../../src/engine/Engine.ts";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { installedTensorFlow, tensorFlowFolder } from "../../src/engine/tensorflow/installed.ts";
import { TensorFlowEngine } from "../../src/engine/tensorflow/TensorFlowEngine.ts";

type Named = readonly [name: string, open: (threads?: number) => EngineShape];

const fast: ReadonlyArray<Named> = [
  ["cpu", () => new CpuEngine()],
  ["onnx", (threads) => new OnnxEngine(threads === undefined ? {} : { threads })],
];

function slow(): ReadonlyArray<Named> {
  const device = process.env["PIPELINE_TEST_DEVICE"];
  return [
    ...(installedTensorFlow(tensorFlowFolder()) === undefined
      ? []
      : [["tensorflow", () => new TensorFlowEngine()] as const]),
    ...(device === undefined ? [] : [[`onnx on ${device}`, () => new OnnxEngine({ device })] as const]),
  ];
}

/** Name → engine: for `describe.each`. */
export const engines: ReadonlyArray<Named> = process.env["TANDEM_SLOW"] === "1" ? slow() : fast;

/** Those that are held against the reference. */
export const otherEngines = engines.filter(([name]) => name !== "cpu");
