import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../src/artifact/index.ts";
import { encodeTexts } from "../../src/model/encodeTexts.ts";
import { readTokenizer, vocabularySize } from "../../src/model/tokenizerJson.ts";
import { trainWordPiece } from "../../src/model/trainWordPiece.ts";
import { raggedRow } from "../../src/nn/Ragged.ts";
import { tokenizerJson } from "./tinyFolder.ts";

const tiny = readTokenizer(tokenizerJson, {}, "tokenizer.json");

const idsOf = async (tokenizer: Tokenizer, texts: ReadonlyArray<string>) => {
  const ragged = await encodeTexts(tokenizer, texts);
  return texts.map((_, row) => [...raggedRow(ragged, row)]);
};

const bpe = (merges: unknown) => ({
  added_tokens: ["<s>", "<pad>", "</s>", "<unk>", "<mask>"].map((content, id) => ({ id, content, special: true })),
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  model: { type: "BPE", vocab: { a: 5, b: 6, Ġ: 7, ab: 8, Ġab: 9 }, merges, unk_token: "<unk>" },
});

const vocabulary = ({ json }: Tokenizer) => Object.keys((json["model"] as { vocab: object }).vocab);

const golden = (name: string): string => readFileSync(new URL(`../golden/${name}`, import.meta.url), "utf8");

describe("encodeTexts", () => {
  it("gives ids without special tokens, uncut and unpadded", async () => {
    expect(await idsOf(tiny, ["The cat sleeps!", "the the the the the the"])).toEqual([
      [5, 6, 7, 8, 11],
      [5, 5, 5, 5, 5, 5],
    ]);
  });

  it("minds empty texts, control characters, emoji, ideographs of every plane and words that are names of objects' members", async () => {
    const texts = [
      "",
      " \u0000\u200b\t\n",
      "cat\u0000\u200b",
      "🙂 cat",
      "猫猫",
      "cat𠀀cat",
      "toString __proto__ constructor",
    ];
    expect(await idsOf(tiny, texts)).toEqual([[], [], [6], [1, 6], [10, 10], [6, 1, 6], [9, 1, 1, 1, 1, 1, 1]]);
  });

  it("takes a special token in a text for that token, as the reference does", async () => {
    expect(await idsOf(tiny, ["cat [SEP] cat"])).toEqual([[6, 3, 6]]);
  });

  it("gives the same ids after a round trip through the artifact", async () => {
    const stored = await Tokenizer.decode(await Tokenizer.encode(tiny));
    expect(stored).toEqual(tiny);
    expect(await idsOf(stored, ["The cat sleeps!"])).toEqual([[5, 6, 7, 8, 11]]);
  });

  it("reads a byte-level BPE with merges in either form", async () => {
    const pairs = readTokenizer(bpe([["a", "b"], ["Ġ", "ab"]]), {}, "t"); // prettier-ignore
    const texts = readTokenizer(bpe(["a b", "Ġ ab"]), {}, "t");
    expect(pairs).toEqual(texts);
    expect(pairs.special).toEqual({ cls: 0, pad: 1, sep: 2, unknown: 3, mask: 4 });
    expect([await idsOf(pairs, ["ab ab"]), vocabularySize(pairs)]).toEqual([[[8, 9]], 10]);
  });
});

describe("trainWordPiece", () => {
  const sentences = [
    "low low low low low lower lower",
    "newest newest newest newest newest newest",
    "widest widest widest!",
  ];
  const options = { vocabSize: 40, minFrequency: 2, lowercase: true };

  it("puts special tokens first, then the alphabet, then the most frequent merges", async () => {
    const tokens = vocabulary(await trainWordPiece(sentences, options));
    expect(tokens.slice(0, 5)).toEqual(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);
    expect(tokens.slice(5, 16).join(" ")).toBe("! d e i l n o r s t w");
    expect(tokens.slice(16, 25).join(" ")).toBe("##d ##e ##i ##o ##r ##s ##t ##w ##es");
    expect(tokens).toContain("newest");
    expect(tokens).toContain("low");
  });

  it("gives equal tokenizers for the same sentences in another order", async () => {
    const one = await Tokenizer.encode(await trainWordPiece(sentences, options));
    const other = await Tokenizer.encode(await trainWordPiece(sentences.toReversed(), options));
    expect(Buffer.from(one).equals(other)).toBe(true);
  });

  it("stops at vocabSize and at minFrequency", async () => {
    expect(vocabulary(await trainWordPiece(sentences, { ...options, vocabSize: 26 }))).toHaveLength(26);
    const rare = vocabulary(await trainWordPiece(sentences, { ...options, minFrequency: 9 }));
    expect(rare.slice(24)).toEqual(["##es", "##est"]);
  });

  it("refuses a vocabSize below what the characters need", async () => {
    await expect(trainWordPiece(sentences, { ...options, vocabSize: 10 })).rejects.toThrow(
      "vocabSize is 10, but the special tokens and the characters alone need 24",
    );
  });

  it("learns the recorded vocabulary, which the reference reads and gives the same ids", async () => {
    const lines = golden("sentences.txt").trimEnd().split("\n");
    const trained = await trainWordPiece(lines, { ...options, vocabSize: 500 });
    expect(trained.json).toEqual(JSON.parse(golden("wordpiece.tokenizer.json")));
    expect(await idsOf(trained, lines)).toEqual(JSON.parse(golden("wordpiece.ids.json")));
  });
});
