/** Activations as nodes of an exported graph, GELU in the order of operations that onnxruntime fuses. */
import type { Activation } from "../../nn/EncoderModel.ts";
import type { GraphRecorder } from "./GraphRecorder.ts";

/** @returns the name of the activated x */
export function activationNodes(recorder: GraphRecorder, x: string, activation: Activation): string {
  switch (activation) {
    case "gelu":
      return gelu(recorder, x);
    case "gelu_new":
      return tanhGelu(recorder, x);
    case "relu":
      return recorder.node("Relu", [x]);
    case "silu":
      return recorder.node("Mul", [x, recorder.node("Sigmoid", [x])]);
    case "tanh":
      return recorder.node("Tanh", [x]);
  }
}

/** x/2 · (1 + erf(x/√2)) */
function gelu(recorder: GraphRecorder, x: string): string {
  const erf = recorder.node("Erf", [recorder.node("Div", [x, recorder.scalar(Math.SQRT2, "float32")])]);
  const gate = recorder.node("Add", [erf, recorder.scalar(1, "float32")]);
  return recorder.node("Mul", [recorder.node("Mul", [x, gate]), recorder.scalar(0.5, "float32")]);
}

/** x · σ(2u) with u = √(2/π) (x + 0.044715 x³): see `nn/ops/activation.ts`. */
function tanhGelu(recorder: GraphRecorder, x: string): string {
  const slope = 2 * Math.sqrt(2 / Math.PI);
  const square = recorder.node("Mul", [x, x]);
  const cubic = recorder.node("Mul", [square, recorder.scalar(0.044715 * slope, "float32")]);
  const doubled = recorder.node("Mul", [x, recorder.node("Add", [cubic, recorder.scalar(slope, "float32")])]);
  return recorder.node("Mul", [x, recorder.node("Sigmoid", [doubled])]);
}
