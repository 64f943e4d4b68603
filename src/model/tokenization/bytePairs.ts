/**
 * Byte-pair encoding: a word begins as its characters, and neighbours are merged as long as one of the learned merges fits, the
 * earliest learned first, of equal ones the leftmost.
 */
import type { Json } from "../../core/canonicalJson.ts";
import type { AddedIds, PieceModel } from "./models.ts";
import type { Settings, StepBuilder } from "./StepBuilder.ts";
import { vocabularyOf } from "./wordPiece.ts";

export function bytePairModel(settings: Settings, added: AddedIds, builder: StepBuilder): PieceModel {
  if (typeof settings["dropout"] === "number" && settings["dropout"] > 0)
    builder.problems.push("dropout of its BPE is not supported: ids would be drawn at random");
  const alphabet = readAlphabet(settings, added, builder);
  const merges = readMerges(settings, alphabet.ids, alphabet.prefix, builder.problems);
  const isWhole = builder.flag(settings, "ignore_merges", false);
  return (word) => {
    const whole = isWhole ? alphabet.ids.get(word) : undefined;
    return whole === undefined ? merges.apply(firstSymbols(word, alphabet)) : [whole];
  };
}

/** How single characters become ids. */
interface Alphabet {
  readonly ids: ReadonlyMap<string, number>;
  /** Put before every character of a word but the first. */
  readonly prefix: string;
  /** Put after the last character of a word. */
  readonly suffix: string;
  /** For characters without an id; where undefined, they are left out. */
  readonly unknown: number | undefined;
  /** One unknown for all in a row. */
  readonly isFused: boolean;
  /** Characters without an id become their bytes' `<0x41>`, where all of these have ids. */
  readonly toBytes: boolean;
}

const optional = (settings: Settings, key: string, builder: StepBuilder): string => builder.text(settings, key, "");

function readAlphabet(settings: Settings, added: AddedIds, builder: StepBuilder): Alphabet {
  const ids = vocabularyOf(settings);
  const unknownToken = settings["unk_token"] ?? null;
  const unknown = typeof unknownToken === "string" ? (ids.get(unknownToken) ?? added.get(unknownToken)) : undefined;
  if (unknownToken !== null && unknown === undefined)
    builder.problems.push(`its unk_token ${JSON.stringify(unknownToken)} is not in the vocabulary`);
  return {
    ids,
    prefix: optional(settings, "continuing_subword_prefix", builder),
    suffix: optional(settings, "end_of_word_suffix", builder),
    unknown,
    isFused: builder.flag(settings, "fuse_unk", false),
    toBytes: builder.flag(settings, "byte_fallback", false),
  };
}

function firstSymbols(word: string, alphabet: Alphabet): Array<number> {
  const { ids, prefix, suffix, unknown, isFused, toBytes } = alphabet;
  const symbols: Array<number> = [];
  let isAfterUnknown = false;
  for (let at = 0; at < word.length;) {
    const character = String.fromCodePoint(word.codePointAt(at)!);
    const end = at + character.length;
    const written = (at > 0 ? prefix : "") + character + (end === word.length ? suffix : "");
    at = end;
    const id = ids.get(written);
    const bytes = id === undefined && toBytes ? byteSymbols(written, ids) : undefined;
    if (id !== undefined) symbols.push(id);
    else if (bytes !== undefined) symbols.push(...bytes);
    else if (unknown !== undefined && !(isFused && isAfterUnknown)) symbols.push(unknown);
    isAfterUnknown = id === undefined && bytes === undefined;
  }
  return symbols;
}

const encoder = new TextEncoder();

/** The ids of `<0xE7>` and so on; undefined where one of them is not in the vocabulary. */
export function byteSymbols(text: string, ids: ReadonlyMap<string, number>): ReadonlyArray<number> | undefined {
  const found = Array.from(encoder.encode(text), (byte) =>
    ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
  return found.includes(undefined) ? undefined : (found as ReadonlyArray<number>);
}

function readMerges(
  settings: Settings,
  ids: ReadonlyMap<string, number>,
  prefix: string,
  problems: Array<string>,
): Merges {
  const list = settings["merges"];
  if (!Array.isArray(list)) problems.push("its BPE has no list of merges");
  const merges = new Merges(Array.isArray(list) ? list.length : 0);
  for (const merge of Array.isArray(list) ? (list as ReadonlyArray<Json>) : []) {
    const [left, right] = mergeParts(merge);
    const [first, second] = [ids.get(left), ids.get(right)];
    const merged = ids.get(left + right.slice(prefix.length));
    if (first === undefined || second === undefined || merged === undefined) {
      problems.push(`its merge ${JSON.stringify(merge)} speaks of tokens that are not in the vocabulary`);
      break;
    }
    merges.add(first, second, merged);
  }
  return merges;
}

/** Either form: `"a b"` or `["a", "b"]`. */
function mergeParts(merge: Json): readonly [string, string] {
  if (Array.isArray(merge)) return [String(merge[0]), String(merge[1])];
  const text = String(merge);
  const space = text.indexOf(" ");
  return [text.slice(0, space), text.slice(space + 1)];
}

/** Ids are below this; a pair is one number. */
const pairBase = 2 ** 25;
/** Positions in a word are below this; a possible merge is one number, ordered by rank, then position. */
const positionBase = 2 ** 26;

class Merges {
  /** Pair → rank. */
  private readonly ranks = new Map<number, number>();
  /** Rank → what the pair becomes. */
  private readonly results: Int32Array;
  private count = 0;

  constructor(most: number) {
    this.results = new Int32Array(most);
  }

  add(first: number, second: number, merged: number): void {
    this.ranks.set(first * pairBase + second, this.count);
    this.results[this.count++] = merged;
  }

  /** Merges symbols until no merge fits. Symbols are a linked list by position; merged ones stay at the left one's. */
  apply(symbols: Array<number>): ReadonlyArray<number> {
    if (symbols.length < 2) return symbols;
    const next = Int32Array.from(symbols, (_, i) => (i + 1 < symbols.length ? i + 1 : -1));
    const previous = Int32Array.from(symbols, (_, i) => i - 1);
    const queue = new SmallestFirst();
    const offer = (left: number): void => {
      const right = next[left]!;
      const rank = right < 0 ? undefined : this.ranks.get(symbols[left]! * pairBase + symbols[right]!);
      if (rank !== undefined) queue.add(rank * positionBase + left);
    };
    for (let i = 0; i + 1 < symbols.length; i++) offer(i);
    for (let best = queue.take(); best !== undefined; best = queue.take()) {
      const left = best % positionBase;
      const merged = this.results[Math.floor(best / positionBase)]!;
      const right = next[left]!;
      if (symbols[left] === gone || right < 0) continue;
      // What was offered may be merged away by now.
      const rank = this.ranks.get(symbols[left]! * pairBase + symbols[right]!);
      if (rank === undefined || this.results[rank] !== merged) continue;
      symbols[left] = merged;
      symbols[right] = gone;
      next[left] = next[right]!;
      if (next[left] >= 0) previous[next[left]] = left;
      if (previous[left]! >= 0) offer(previous[left]!);
      offer(left);
    }
    return symbols.filter((symbol) => symbol !== gone);
  }
}

const gone = -1;

/** A binary heap of numbers. */
class SmallestFirst {
  private readonly heap: Array<number> = [];

  add(value: number): void {
    const { heap } = this;
    let at = heap.push(value) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]! > value; parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = value;
  }

  take(): number | undefined {
    const { heap } = this;
    const smallest = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return smallest;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return smallest;
  }
}
