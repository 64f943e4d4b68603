/**
 * Unigram, SentencePiece's model: of all ways to write a piece as tokens of the vocabulary the one whose log probabilities have
 * the largest sum, found from left to right; of equal ones the way whose last token begins first.
 *
 * Characters that no token of one character covers cost ten less than the rarest token; those in a row become one unknown.
 */
import type { Json } from "../../core/canonicalJson.ts";
import { byteSymbols } from "./bytePairs.ts";
import type { PieceModel } from "./models.ts";
import type { Settings, StepBuilder } from "./StepBuilder.ts";

const unknownPenalty = 10;

export function unigramModel(settings: Settings, builder: StepBuilder): PieceModel {
  const entries = Array.isArray(settings["vocab"]) ? (settings["vocab"] as ReadonlyArray<Json>) : [];
  const unknown = settings["unk_id"];
  if (entries.length === 0) builder.problems.push("its Unigram has no list of tokens with scores");
  if (!Number.isSafeInteger(unknown) || (unknown as number) < 0 || (unknown as number) >= entries.length)
    builder.problems.push(`unk_id of its Unigram is ${JSON.stringify(unknown ?? null)}, not the id of a token`);
  if (typeof settings["alpha"] === "number" && settings["alpha"] > 0)
    builder.problems.push("alpha of its Unigram is not supported: ids would be drawn at random");
  const lattice = new Lattice(entries as ReadonlyArray<readonly [string, number]>, unknown as number);
  const toBytes = builder.flag(settings, "byte_fallback", false);
  return (piece) => lattice.idsOf(piece, toBytes);
}

class Lattice {
  private readonly ids: ReadonlyMap<string, number>;
  private readonly scores: Float64Array;
  /** First two code units → the length of the longest token that begins so. */
  private readonly longest = new Map<string, number>();
  private readonly unknown: number;
  private readonly unknownScore: number;

  constructor(entries: ReadonlyArray<readonly [token: string, score: number]>, unknown: number) {
    this.ids = new Map(entries.map(([token], id) => [token, id]));
    this.scores = Float64Array.from(entries, ([, score]) => score);
    for (const [token] of entries) {
      const start = token.slice(0, 2);
      this.longest.set(start, Math.max(this.longest.get(start) ?? 0, token.length));
    }
    this.unknown = unknown;
    this.unknownScore = this.scores.reduce((least, score) => Math.min(least, score), Infinity) - unknownPenalty;
  }

  idsOf(piece: string, toBytes: boolean): ReadonlyArray<number> {
    return this.bestPath(piece).flatMap((part) => {
      const id = this.ids.get(part);
      if (id !== undefined) return [id];
      return (toBytes ? byteSymbols(part, this.ids) : undefined) ?? [this.unknown];
    });
  }

  /** The tokens of the best path as texts, neighbouring unknown characters as one. */
  private bestPath(piece: string): ReadonlyArray<string> {
    const best = this.search(piece);
    const parts: Array<string> = [];
    let isAfterUnknown = false;
    for (let end = piece.length; end > 0; end = best.start[end]!) {
      const part = piece.slice(best.start[end], end);
      const isUnknown = best.id[end] === this.unknown;
      if (isUnknown && isAfterUnknown) parts[parts.length - 1] = part + parts.at(-1)!;
      else parts.push(part);
      isAfterUnknown = isUnknown;
    }
    return parts.toReversed();
  }

  /** For each end of a token, in code units: where the best path's last token begins, and its id. */
  private search(piece: string): { readonly start: Int32Array; readonly id: Int32Array } {
    const start = new Int32Array(piece.length + 1).fill(-1);
    const id = new Int32Array(piece.length + 1);
    const score = new Float64Array(piece.length + 1);
    const offer = (from: number, to: number, token: number, own: number): void => {
      const candidate = own + score[from]!;
      if (start[to]! >= 0 && candidate <= score[to]!) return;
      start[to] = from;
      id[to] = token;
      score[to] = candidate;
    };
    for (let from = 0; from < piece.length;) {
      const single = from + (piece.codePointAt(from)! > 0xffff ? 2 : 1);
      let isCovered = false;
      for (const to of this.tokenEnds(piece, from)) {
        const token = this.ids.get(piece.slice(from, to))!;
        offer(from, to, token, this.scores[token]!);
        isCovered ||= to === single;
      }
      if (!isCovered) offer(from, single, this.unknown, this.unknownScore);
      from = single;
    }
    return { start, id };
  }

  /** Where the tokens that begin at `from` end, the shortest first. */
  private tokenEnds(piece: string, from: number): ReadonlyArray<number> {
    const ends: Array<number> = [];
    const most = Math.max(1, this.longest.get(piece.slice(from, from + 2)) ?? 1);
    for (let to = from + 1; to <= Math.min(piece.length, from + most); to++)
      if (this.ids.has(piece.slice(from, to))) ends.push(to);
    return ends;
  }
}
