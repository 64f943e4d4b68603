/** The batch of an update that is computed in one part. */
import type { CachedPart, Method, PreparedStep, StepPart } from "../../src/training/Method.ts";

export function wholeBatch(method: Method, step = 0): PreparedStep {
  const [part, ...others] = method.parts(step);
  if (others.length > 0) throw new Error(`Update ${step} has ${others.length + 1} parts.`);
  return preparedPart(part!);
}

export function preparedPart(part: StepPart | CachedPart): PreparedStep {
  if ("prepare" in part) return part.prepare({});
  throw new Error(`The part has ${part.pieces.length} pieces.`);
}
