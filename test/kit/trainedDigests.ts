/** What trainings end with, in one digest each: for tests that repeat them under other circumstances. */
import { createHash } from "node:crypto";
import { OnnxEngine } from "../../src/engine/onnx/OnnxEngine.ts";
import { train } from "../../src/training/train.ts";
import { makeMethods, tinyBackbone, tinyOptions } from "../training/tinyModel.ts";

/** Wide enough that products and sums are shared out to threads. */
const model = tinyBackbone({ hiddenSize: 96, heads: 4, intermediateSize: 384 });
const options = { ...tinyOptions, batchSize: 48, maxSteps: 2 };
const quiet = { report: () => {}, warn: () => {}, isInterrupted: () => false };

const methods = makeMethods(model, options);
export const trainedNames: ReadonlyArray<string> = Object.keys(methods);

/** Of these methods: sha256 of weights and curve after two updates. @param threads that sessions compute with */
export async function trainedDigests(
  threads: number,
  seed = 1,
  names = trainedNames,
): Promise<{ readonly [method: string]: string }> {
  const engine = new OnnxEngine({ threads });
  const digests: { [method: string]: string } = {};
  for (const name of names) {
    const { weights, curve } = await train(methods[name]!(seed, 96), engine, options, quiet);
    const hash = createHash("sha256");
    for (const values of [...Array.from(weights.values(), (each) => each.values), ...Object.values(curve.series)])
      hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    digests[name] = hash.digest("hex");
  }
  await engine.close();
  return digests;
}
