/**
 * Learns a WordPiece vocabulary from sentences, as Hugging Face's WordPieceTrainer does: words are cut into characters, and the
 * most frequent neighbours are merged until the vocabulary is full. Ties go to the pair whose pieces came first, words are
 * visited in code-unit order: the same sentences give the same vocabulary everywhere, in whatever order they come.
 */
import type { Tokenizer, TokenizerJson } from "../artifact/index.ts";
import { ModelProblem } from "./ModelProblem.ts";
import { PairQueue, type Pair } from "./pairQueue.ts";
import { readTokenizer } from "./tokenizerJson.ts";
import { compileCutter } from "./tokenization/compileTokenizer.ts";

export interface WordPieceOptions {
  /** Entries at most, the five special tokens and all characters included. */
  readonly vocabSize: number;
  /** Pairs seen less often are not merged. */
  readonly minFrequency: number;
  readonly lowercase: boolean;
}

const specialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const prefix = "##";
/** Of a larger alphabet the most frequent characters are kept; the others become unknown. HF's trainer has the same bound. */
const maxAlphabet = 1000;

/** @throws ModelProblem where `vocabSize` cannot hold the special tokens and the characters. */
export async function trainWordPiece(texts: Iterable<string>, options: WordPieceOptions): Promise<Tokenizer> {
  const frequencies = await countWords(texts, options);
  const vocabulary = new Vocabulary(specialTokens);
  const words = cutWords(frequencies, vocabulary);
  if (vocabulary.tokens.length > options.vocabSize)
    throw new ModelProblem(
      "vocabSize",
      `vocabSize is ${options.vocabSize}, but the special tokens and the characters alone need ${vocabulary.tokens.length}`,
      `set vocabSize to ${vocabulary.tokens.length} or more`,
    );
  mergePairs(words, vocabulary, options);
  return readTokenizer(tokenizerJson(vocabulary.tokens, options), {}, "the trained tokenizer");
}

/** What the reference calls a BERT tokenizer, around a vocabulary. */
function tokenizerJson(tokens: ReadonlyArray<string>, { lowercase }: WordPieceOptions): TokenizerJson {
  const added = specialTokens.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix, cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: prefix,
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}

/** Word → occurrences, as the tokenizer's own normalizer and pre-tokenizer cut them, in code-unit order. */
async function countWords(
  texts: Iterable<string>,
  options: WordPieceOptions,
): Promise<ReadonlyArray<readonly [string, number]>> {
  const cut = await compileCutter(tokenizerJson(specialTokens, options));
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of cut(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
}

class Vocabulary {
  readonly tokens: Array<string>;
  private readonly ids: Map<string, number>;

  constructor(tokens: ReadonlyArray<string>) {
    this.tokens = [...tokens];
    this.ids = new Map(tokens.map((token, id) => [token, id]));
  }

  idOf(token: string): number {
    const known = this.ids.get(token);
    if (known !== undefined) return known;
    this.ids.set(token, this.tokens.length);
    return this.tokens.push(token) - 1;
  }
}

interface Word {
  /** Ids of its pieces now. */
  pieces: Array<number>;
  readonly frequency: number;
}

/** Puts the alphabet into the vocabulary, plain characters before continuing ones, and cuts words into characters. */
function cutWords(frequencies: ReadonlyArray<readonly [string, number]>, vocabulary: Vocabulary): ReadonlyArray<Word> {
  const characters = new Map<string, number>();
  for (const [word, frequency] of frequencies)
    for (const character of word) characters.set(character, (characters.get(character) ?? 0) + frequency);
  const alphabet = [...characters]
    .sort(([one, often], [other, oftenOther]) => oftenOther - often || (one < other ? -1 : 1))
    .slice(0, maxAlphabet)
    .map(([character]) => character)
    .sort();
  const known = new Set(alphabet);
  for (const character of alphabet) vocabulary.idOf(character);
  const cut = frequencies
    .map(([word, frequency]) => ({ characters: [...word], frequency }))
    .filter((word) => word.characters.every((character) => known.has(character)));
  const continuing = new Set(cut.flatMap((word) => word.characters.slice(1)));
  for (const character of [...continuing].sort()) vocabulary.idOf(prefix + character);
  return cut.map(({ characters, frequency }) => ({
    pieces: characters.map((character, i) => vocabulary.idOf(i === 0 ? character : prefix + character)),
    frequency,
  }));
}

function mergePairs(words: ReadonlyArray<Word>, vocabulary: Vocabulary, options: WordPieceOptions): void {
  const queue = new PairQueue();
  words.forEach((word, index) => {
    for (let i = 1; i < word.pieces.length; i++) queue.add(word.pieces[i - 1]!, word.pieces[i]!, word.frequency, index);
  });
  while (vocabulary.tokens.length < options.vocabSize) {
    queue.settle();
    const best = queue.takeBest();
    if (best === undefined || best.count < Math.max(1, options.minFrequency)) return;
    const second = vocabulary.tokens[best.second]!;
    const merged = vocabulary.idOf(vocabulary.tokens[best.first]! + second.slice(prefix.length));
    for (const index of best.words) mergeInWord(words[index]!, index, best, merged, queue);
  }
}

/** Replaces the pair in a word by the merged piece, and keeps the queue's counts of the pairs around it right. */
function mergeInWord(word: Word, index: number, pair: Pair, merged: number, queue: PairQueue): void {
  const before = word.pieces;
  const after: Array<number> = [];
  for (let i = 0; i < before.length; i++) {
    const found = before[i] === pair.first && before[i + 1] === pair.second;
    after.push(found ? merged : before[i]!);
    if (found) i++;
  }
  if (after.length === before.length) return;
  for (let i = 1; i < before.length; i++) queue.add(before[i - 1]!, before[i]!, -word.frequency, index);
  for (let i = 1; i < after.length; i++) queue.add(after[i - 1]!, after[i]!, word.frequency, index);
  word.pieces = after;
}
