/** One row of an encoder's input, and which of its tokens attention may look at. */
import type { LengthGroup } from "./PackedLayout.ts";

/** Ids with the special tokens in place; at least one. */
export interface Sequence {
  readonly ids: Int32Array;
  /** Segment of each token; absent: all 0. */
  readonly types?: Int32Array;
  /** Which of its tokens attention may look at; absent: all at all. */
  readonly visible?: Visible;
}

/**
 * Which keys of a sequence its queries see: the first so many (at least 1), for padding that goes through the encoder as tokens
 * which no other sees; or `by-segment`, UniLM's mask: with c the running sum of the segment numbers (`types`), query i sees key j
 * where c_j ≤ c_i, so that segment 0 sees itself, and each token of segment 1 that and what stands before it.
 * Source: Dong et al., "Unified Language Model Pre-training", NeurIPS 2019; SimBERT's code for the running sum (methods §6.1).
 */
export type Visible = number | "by-segment";

/** What the sequences of a batch ask of the mask, beside their lengths. */
export function maskOf(sequences: ReadonlyArray<Sequence>): LengthGroup["masked"] {
  if (sequences.some(({ visible }) => visible === "by-segment")) return "by-query";
  return sequences.some(({ visible }) => visible !== undefined);
}

/** [rows, queries, length] 0 for keys that a query sees, else -1e9. @param queries `length`, or 1 where all queries see the same */
export function attentionBias(sequences: ReadonlyArray<Sequence>, length: number, queries: number): Float32Array {
  const values = new Float32Array(sequences.length * queries * length).fill(-1e9);
  sequences.forEach((sequence, row) => {
    const bySegment = sequence.visible === "by-segment" ? runningSum(sequence.types, sequence.ids.length) : undefined;
    for (let query = 0; query < queries; query++) {
      const start = (row * queries + query) * length;
      // Queries of padding see what they would see without segments: nothing reads them, but a row must see something.
      const own = bySegment?.[query];
      if (own === undefined) values.fill(0, start, start + visibleTokens(sequence));
      else bySegment!.forEach((sum, key) => sum <= own && (values[start + key] = 0));
    }
  });
  return values;
}

/** How many of its tokens, from the first on, are there for others to see; by segment all are. */
export const visibleTokens = ({ visible, ids }: Sequence): number =>
  typeof visible === "number" ? visible : ids.length;

function runningSum(types: Int32Array | undefined, length: number): Int32Array {
  let sum = 0;
  return new Int32Array(length).map((_, i) => (sum += types?.[i] ?? 0));
}
