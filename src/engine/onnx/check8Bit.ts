/**
 * Whether this machine multiplies 8-bit numbers exactly: one product of the largest ones, beside the sum it has to be. Without
 * VNNI, x86 adds pairs of products in 16 bits, which overflow; the result is wrong and nothing says so.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { EngineUnavailable } from "../EngineChoice.ts";
import { microsoftDomain } from "./GraphRecorder.ts";
import { encodeModel } from "./onnxModel.ts";

const [rows, inner, columns] = [4, 64, 16];
const largest = 127;
/** Numbers and weights are all 1 once they are scaled back: each sum is `inner`. */
const tolerance = 0.01;

let checked: Promise<void> | undefined;

/** Once a process. Throws `EngineUnavailable`. */
export const check8Bit = (): Promise<void> => (checked ??= check());

async function check(): Promise<void> {
  const session = await InferenceSession.create(productOfLargest());
  const x = new Tensor("float32", new Float32Array(rows * inner).fill(1), [rows, inner]);
  const found = (await session.run({ x }))["y"]!.data as Float32Array;
  await session.release();
  if (found.every((value) => Math.abs(value - inner) < tolerance * inner)) return;
  throw new EngineUnavailable("This CPU has no exact products of 8-bit numbers (VNNI)", {
    needs: "set precision to float32",
  });
}

function productOfLargest(): Uint8Array {
  const weights = new Int8Array(inner * columns).fill(largest);
  const scales = new Float32Array(columns).fill(1 / largest);
  return encodeModel({
    inputs: [{ name: "x", shape: [rows, inner], dtype: "float32" }],
    outputs: [{ name: "y", shape: [rows, columns], dtype: "float32" }],
    constants: [
      { name: "weights", shape: [inner, columns], dtype: "int8", values: weights },
      { name: "scales", shape: [columns], dtype: "float32", values: scales },
    ],
    nodes: [
      {
        operation: "DynamicQuantizeMatMul",
        domain: microsoftDomain,
        inputs: ["x", "weights", "scales"],
        outputs: ["y"],
        attributes: {},
      },
    ],
  });
}
