/** The batch of an update that is computed in one part. */
import type { CachedPart, Method, PreparedStep, StepPart } from "../../src/training/Method.ts";

export const wholeBatch = (method: Method, step = 0): PreparedStep => wholePart(method, step).prepare({});

/** The one part of such an update. */
export function wholePart(method: Method, step = 0): StepPart {
  const [part, ...others] = method.parts(step);
  if (others.length > 0) throw new Error(`Update ${step} has ${others.length + 1} parts.`);
  return inOnePiece(part!);
}

export const preparedPart = (part: StepPart | CachedPart): PreparedStep => inOnePiece(part).prepare({});

function inOnePiece(part: StepPart | CachedPart): StepPart {
  if ("prepare" in part) return part;
  throw new Error(`The part has ${part.pieces.length} pieces.`);
}
