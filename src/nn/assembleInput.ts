/**
 * Puts the special tokens around a text: `[CLS] a [SEP]` for a bi-encoder, `[CLS] a [SEP] b [SEP]` for a cross-encoder, or
 * RoBERTa's `<s> a </s></s> b </s>`.
 *
 * Artifacts hold the bare ids of a text, so that one tokenization serves both kinds of encoder and every length limit;
 * this is the one place where ids are cut.
 */
import type { PairForm, Pooling, SpecialTokens } from "./EncoderModel.ts";
import { paddedLengthOf } from "./pooling.ts";
import type { Sequence } from "./Sequence.ts";

/** One row of an encoder's input: ids with the special ones in place, and the segment each belongs to. */
export interface EncoderInput {
  /** At most `maxTokens` long. */
  readonly ids: Int32Array;
  /** 0 for `[CLS] a [SEP]`, 1 for `b [SEP]` (in RoBERTa's form 0 for all); as long as `ids`. */
  readonly types: Int32Array;
}

/** Special tokens around one text. */
export const specialTokensOfSingle = 2;

/** What the forms of pairs differ in. */
const pairForms: { readonly [form in PairForm]: { readonly separators: number; readonly secondType: number } } = {
  bert: { separators: 1, secondType: 1 },
  roberta: { separators: 2, secondType: 0 },
};

/**
 * `[CLS] a [SEP]`, cut at the end of the text.
 * @param maxTokens longest row, special tokens included; at least 3
 */
export function assembleSingle(
  text: ArrayLike<number>,
  special: Pick<SpecialTokens, "cls" | "sep">,
  maxTokens: number,
): EncoderInput {
  const kept = Math.min(text.length, maxTokens - specialTokensOfSingle);
  const ids = new Int32Array(kept + specialTokensOfSingle);
  ids[0] = special.cls;
  for (let i = 0; i < kept; i++) ids[i + 1] = text[i]!;
  ids[kept + 1] = special.sep;
  return { ids, types: new Int32Array(ids.length) };
}

/**
 * `[CLS] a [SEP]` as a pooling wants it: with `mean-with-padding` cut at `paddedLength` too, and filled up to it with padding that
 * no token sees.
 * @param maxTokens longest text, special tokens included; at least 3
 */
export function assembleFor(
  pooling: Pooling,
  text: ArrayLike<number>,
  special: Pick<SpecialTokens, "cls" | "sep" | "pad">,
  maxTokens: number,
): Sequence {
  const paddedLength = paddedLengthOf(pooling);
  const row = assembleSingle(text, special, Math.min(maxTokens, paddedLength ?? maxTokens));
  if (paddedLength === undefined) return row;
  const ids = new Int32Array(paddedLength).fill(special.pad);
  ids.set(row.ids);
  return { ids, visible: row.ids.length };
}

/**
 * `[CLS] a [SEP] b [SEP]` with segment ids, or `<s> a </s></s> b </s>`, cut "longest first".
 * @param maxTokens longest row, special tokens included; at least 5
 */
export function assemblePair(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  special: Pick<SpecialTokens, "cls" | "sep">,
  maxTokens: number,
  form: PairForm = "bert",
): EncoderInput {
  const { separators, secondType } = pairForms[form];
  const specialTokens = 1 + separators + 1;
  const [keptFirst, keptSecond] = truncateLongestFirst(first.length, second.length, maxTokens - specialTokens);
  const ids = new Int32Array(keptFirst + keptSecond + specialTokens).fill(special.sep);
  const secondStart = 1 + keptFirst + separators;
  ids[0] = special.cls;
  for (let i = 0; i < keptFirst; i++) ids[i + 1] = first[i]!;
  for (let i = 0; i < keptSecond; i++) ids[secondStart + i] = second[i]!;
  return { ids, types: new Int32Array(ids.length).fill(secondType, secondStart) };
}

/**
 * How many tokens of each side stay when tokens are taken one at a time from the longer side, from the second on a tie
 * (transformers 4.2, `longest_first`; methods §0.3). In closed form: the longer side shrinks to the other's length, then both
 * shrink in turn, the second first.
 */
export function truncateLongestFirst(first: number, second: number, room: number): readonly [number, number] {
  if (first + second <= room) return [first, second];
  const smaller = Math.min(first, second);
  if (2 * smaller <= room) return first > second ? [room - second, second] : [first, room - first];
  return [Math.ceil(room / 2), Math.floor(room / 2)];
}
