/** Digests of the outputs of every step that is fresh. */
import type { ContentDigest } from "../core/digest.ts";
import type { Evaluation } from "../core/evaluate.ts";

export type OutputDigests = { readonly [port: string]: ContentDigest };

export function knownOutputs(evaluation: Evaluation): (step: string) => OutputDigests | undefined {
  const known = new Map<string, OutputDigests>();
  for (const evaluated of evaluation) {
    if (evaluated?.record === undefined) continue;
    const outputs = Object.entries(evaluated.record.outputs).map(([port, { digest }]) => [port, digest]);
    known.set(evaluated.step.id, Object.fromEntries(outputs));
  }
  return (step) => known.get(step);
}
