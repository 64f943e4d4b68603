/** From a program to its graph: runs it once on the trace backend. */
import "./kernels/index.ts";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Program, TensorSpec } from "../Engine.ts";
import type { Graph, GraphRecorder, RecordOptions } from "./GraphRecorder.ts";
import { traceBackend } from "./TraceBackend.ts";

/** Records the program. An operation without an ONNX form is an error that names it. */
export function traceProgram(program: Program, options: RecordOptions = {}): Graph {
  try {
    return traceBackend.record((recorder) => recordProgram(program, recorder), options);
  } catch (cause) {
    const kernel = /^Error: Kernel '(\w+)' not registered/.exec(String(cause))?.[1];
    if (kernel === undefined) throw cause;
    throw new Error(
      `The program ${program.key} uses ${kernel}, which has no ONNX form yet: add it to src/engine/onnx/kernels.`,
      { cause },
    );
  }
}

function recordProgram(program: Program, recorder: GraphRecorder): Graph {
  const tensors: { [name: string]: Tensor } = {};
  for (const spec of program.inputs) {
    recorder.input(spec);
    tensors[spec.name] = traceBackend.inputTensor(spec);
  }
  for (const [name, constant] of Object.entries(program.constants ?? {}))
    tensors[name] = traceBackend.constantTensor(constant);
  const built = Object.entries(program.build(tensors));
  const outputs = built.map(([name, tensor]) => {
    const spec: TensorSpec = {
      name: outputName(name),
      shape: tensor.shape,
      dtype: tensor.dtype as TensorSpec["dtype"],
    };
    return { from: traceBackend.nameOf(tensor), spec };
  });
  for (const [, tensor] of built) tensor.dispose(); // outputs may have been kept beyond their scope
  return recorder.finish(outputs);
}

/** In the graph outputs have names of their own: a program may give out an input under its name. */
export const outputName = (name: string): string => `output:${name}`;
