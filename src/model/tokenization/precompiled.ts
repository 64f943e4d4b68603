/**
 * SentencePiece's precompiled character map (`precompiled_charsmap`): a trie of UTF-8 sequences, each with what it becomes.
 *
 * Followed is the reference implementation with its quirks, for vocabularies were trained behind them: a grapheme below six bytes
 * is looked up first and is replaced as a whole by what its shortest known beginning becomes; others go character by character.
 *
 * The trie is Darts-clone's double array (github.com/s-yata/darts-clone): units of 32 bits, bit 31 a leaf, bits 0–7 (and 31) a
 * label, bit 8 whether a value follows, bits 10–30 the offset, shifted by 8 where bit 9 is set.
 */
import { isPlain } from "./characters.ts";
import type { StepBuilder } from "./StepBuilder.ts";

/** @param charsmap base64: the trie's size in bytes (32 bits, little-endian), the trie, the texts it points at, each ended by 0 */
export function readPrecompiled(charsmap: string, { problems }: StepBuilder): (text: string) => string {
  const bytes = Buffer.from(charsmap, "base64");
  if (bytes.length === 0) return (text) => text;
  const trieBytes = bytes.length < 4 ? -1 : bytes.readUInt32LE(0);
  if (trieBytes < 4 || trieBytes % 4 !== 0 || trieBytes > bytes.length - 4) {
    problems.push("precompiled_charsmap of its Precompiled is damaged");
    return (text) => text;
  }
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  return new CharacterMap(trie, bytes.subarray(4 + trieBytes)).normalize;
}

const encoder = new TextEncoder();
let segmenter: Intl.Segmenter | undefined;
const graphemes = (): Intl.Segmenter => (segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" }));
/** Longest grapheme that is looked up as a whole, in bytes. */
const mostBytes = 5;

class CharacterMap {
  private readonly trie: Uint32Array;
  private readonly texts: Uint8Array;
  private readonly known = new Map<string, string | undefined>();

  constructor(trie: Uint32Array, texts: Uint8Array) {
    this.trie = trie;
    this.texts = texts;
  }

  readonly normalize = (text: string): string => {
    let result = "";
    // Plain characters are graphemes of their own.
    const parts = isPlain(text) ? text : Array.from(graphemes().segment(text), ({ segment }) => segment);
    for (const part of parts) result += this.ofGrapheme(part);
    return result;
  };

  private ofGrapheme(grapheme: string): string {
    const whole = this.lookUp(grapheme, mostBytes);
    if (whole !== undefined || grapheme.length === 1) return whole ?? grapheme;
    let result = "";
    for (const character of grapheme) result += this.lookUp(character) ?? character;
    return result;
  }

  private lookUp(part: string, atMost = Infinity): string | undefined {
    if (part.length > atMost) return undefined;
    if (this.known.has(part)) return this.known.get(part);
    const bytes = encoder.encode(part);
    if (bytes.length > atMost) return undefined;
    const found = this.shortestPrefix(bytes);
    if (this.known.size < 100_000) this.known.set(part, found);
    return found;
  }

  private shortestPrefix(key: Uint8Array): string | undefined {
    let node = offsetOf(this.trie[0]!);
    for (const byte of key) {
      if (byte === 0) return undefined;
      node ^= byte;
      const unit = this.trie[node] ?? leaf;
      if ((unit & (leaf | 0xff)) !== byte) return undefined;
      node ^= offsetOf(unit);
      if ((unit & hasValue) !== 0) return this.textAt((this.trie[node] ?? 0) & ~leaf);
    }
    return undefined;
  }

  private textAt(start: number): string {
    const end = this.texts.indexOf(0, start);
    return Buffer.from(this.texts.subarray(start, end < 0 ? undefined : end)).toString("utf8");
  }
}

const leaf = 0x8000_0000 | 0;
const hasValue = 1 << 8;
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
