/** The checks every engine makes of what it is handed, in the same words. */
import { sizeOf, type TensorSpec, type TypedArray } from "../nn/TensorSpec.ts";
import type { Feeds, Program } from "./Engine.ts";

/** The values fed for an input; an error where they are missing, or too few or many for its shape. */
export function fedValues(program: Program, { name, shape }: TensorSpec, feeds: Feeds): TypedArray {
  const values = feeds[name];
  if (values === undefined) throw new Error(`The program ${program.key} needs the input ${name}, which was not fed.`);
  if (values.length !== sizeOf(shape))
    throw new Error(`The input ${name} of ${program.key} has ${values.length} values, not ${shape.join(" × ")}.`);
  return values;
}

/** An error where the place that an output is to be written to is not of its size. */
export function checkTarget(program: Program, name: string, shape: ReadonlyArray<number>, target: Float32Array): void {
  if (target.length !== sizeOf(shape))
    throw new Error(`The output ${name} of ${program.key} has ${shape.join(" × ")} values, not ${target.length}.`);
}
