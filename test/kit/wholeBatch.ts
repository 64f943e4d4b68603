/** The batch of an update that is computed in one part. */
import type { Method, PreparedStep } from "../../src/training/Method.ts";

export function wholeBatch(method: Method, step = 0): PreparedStep {
  const [part, ...others] = method.parts(step);
  if (others.length > 0) throw new Error(`Update ${step} has ${others.length + 1} parts.`);
  return part!.prepare({});
}
