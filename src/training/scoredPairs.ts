/** What a student learns from: pairs as ids, and a teacher's score of each. */
import type { EncoderModel, SpecialTokens } from "../nn/EncoderModel.ts";
import type { Ragged } from "../nn/Ragged.ts";
import {
  requireKnownIds,
  requireNumbers,
  requirePositions,
  requireRows,
  requireSameTokenizer,
  requireScoresOf,
} from "./checks.ts";

export interface ScoredPairs {
  readonly tokenizer: string;
  /** Digest of the pairs. */
  readonly pairs: string;
  readonly special: SpecialTokens;
  /** Ids without special tokens, row i of both sides being a pair. */
  readonly a: Ragged;
  readonly b: Ragged;
}

export interface PairScores {
  /** Digest of the pairs that were scored. */
  readonly pairs: string;
  readonly range: "cosine" | "probability";
  /** One of each pair. */
  readonly values: Float32Array;
}

/** @throws TrainingFailure of reason `invalid` where model, pairs and scores do not fit each other */
export function requireScoredPairs(
  model: EncoderModel,
  pairs: ScoredPairs,
  scores: PairScores,
  { maxTokens }: { readonly maxTokens: number },
): void {
  requireSameTokenizer(model, pairs, "pairs");
  requireRows(pairs.a, 1, "pairs", "pair");
  for (const side of [pairs.a, pairs.b]) requireKnownIds(model.config, side, "pairs");
  requireScoresOf(pairs, scores);
  requireNumbers(scores);
  requirePositions(model.config, maxTokens);
}
