/** A loss and its gradients at given numbers. Loads tfjs, and the engine that was chosen. */
import type { EngineChoice } from "../engine/EngineChoice.ts";
import { openEngine } from "../engine/openEngine.ts";
import { gradientName, withGradients } from "../engine/withGradients.ts";
import type { LossDescription } from "../nn/losses/LossDescription.ts";
import { LossInputError } from "../nn/losses/requireShapes.ts";
import { UsageError } from "./commandLine.ts";
import { asUsageError } from "./engineChoice.ts";
import type { GivenNumbers } from "./lossNumbers.ts";

/** A number, a list, a table: nested as the input was. */
type Nested = number | ReadonlyArray<Nested>;

export interface LossResult {
  readonly value: number;
  /** By each input that is not of whole numbers, in its shape. */
  readonly gradients: { readonly [input: string]: Nested };
}

/** @throws UsageError where the loss has no value at these numbers, or the engine is not to be had */
export async function evaluateLoss(
  loss: LossDescription,
  { inputs, options }: GivenNumbers,
  choice: EngineChoice,
): Promise<LossResult> {
  const specs = inputs.map(({ name, shape, isWhole }) => {
    return { name, shape, dtype: isWhole ? ("int32" as const) : ("float32" as const) };
  });
  const floats = inputs.filter(({ isWhole }) => !isWhole);
  const program = withGradients({
    key: loss.name,
    inputs: specs,
    wrt: floats.map(({ name }) => name),
    build: (tensors) => ({ loss: loss.compute(tensors, options) }),
  });
  const feeds = inputs.map(({ name, values, isWhole }) => [name, (isWhole ? Int32Array : Float32Array).from(values)]);
  const outputs = await runOnce(program, Object.fromEntries(feeds), choice);
  const value = outputs["loss"]![0]!;
  const gradients = floats.map(({ name, written }) => [name, nested(outputs[gradientName(name)]!, written)] as const);
  const beyond = ["value", ...floats.map(({ name }) => name)].find(
    (name) => !(name === "value" ? [value] : outputs[gradientName(name)]!).every(Number.isFinite),
  );
  if (beyond !== undefined)
    throw new UsageError(
      beyond === "value"
        ? `${loss.name} has no value at these numbers in float32: ${value}`
        : `${loss.name} has no gradient by ${beyond} at these numbers in float32`,
      "numbers of ordinary size have one: float32 ends at 3.4e38",
    );
  return { value, gradients: Object.fromEntries(gradients) };
}

async function runOnce(
  program: ReturnType<typeof withGradients>,
  feeds: { readonly [name: string]: Int32Array | Float32Array },
  choice: EngineChoice,
): Promise<{ readonly [name: string]: Float32Array }> {
  const engine = await openEngine(choice).catch((error: unknown) => {
    throw asUsageError(error);
  });
  try {
    return await (await engine.compile(program)).run(feeds);
  } catch (error) {
    throw error instanceof LossInputError ? new UsageError(error.message.replace(/\.$/, "")) : error;
  } finally {
    await engine.close();
  }
}

function nested(values: Float32Array, [length, ...inner]: ReadonlyArray<number>): Nested {
  if (length === undefined) return values[0]!;
  const size = values.length / length;
  return Array.from({ length }, (_, i) => nested(values.subarray(i * size, (i + 1) * size), inner));
}
