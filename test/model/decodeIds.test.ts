/** Ids back to texts, by each kind of decoder that models bring. */
import { describe, expect, it } from "vitest";
import { textDecoder, textIds } from "../../src/model/decodeIds.ts";
import { readTokenizer } from "../../src/model/tokenizerJson.ts";
import { trainWordPiece } from "../../src/model/trainWordPiece.ts";
import { raggedRow } from "../../src/nn/Ragged.ts";
import { tokenizerJson } from "./tinyFolder.ts";

const vocabulary = (words: ReadonlyArray<string>) => Object.fromEntries(words.map((word, id) => [word, id]));
const special = Object.keys(tokenizerJson.model.vocab).slice(0, 5);

const bert = (words: ReadonlyArray<string>) =>
  readTokenizer(
    { ...tokenizerJson, model: { ...tokenizerJson.model, vocab: vocabulary([...special, ...words]) } },
    {},
    "t",
  );

const roberta = readTokenizer(
  {
    added_tokens: ["<s>", "<pad>", "</s>", "<unk>", "<mask>"].map((content, id) => ({ id, content, special: true })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      vocab: vocabulary("<s> <pad> </s> <unk> <mask> a b c Ġ Ã © . ab Ġab Ã©".split(" ")),
      merges: ["a b", "Ġ ab", "Ã ©"],
      unk_token: "<unk>",
    },
  },
  {},
  "t",
);

describe("textDecoder", () => {
  it("puts WordPiece's pieces together, and signs to their words", async () => {
    const decode = await textDecoder(bert(["the", "cat", "sleep", "##s", "!", ",", "'", "t"]));
    expect(decode([5, 6, 7, 8, 9])).toBe("the cat sleeps!");
    expect(decode([6, 10, 6])).toBe("cat, cat");
    expect(decode([8, 6])).toBe("##s cat");
  });

  it("leaves special tokens out, and an empty text empty", async () => {
    const decode = await textDecoder(bert(["the", "cat"]));
    expect([decode([2, 5, 1, 6, 3, 0]), decode([]), decode([2, 3])]).toEqual(["the cat", "", ""]);
  });

  it("writes Chinese without spaces, between its own characters and beside others", async () => {
    const decode = await textDecoder(bert("我 想 买 手 机 ， 。 iphone 30 岁 ？ ok カ ー".split(" ")));
    expect(decode([5, 6, 7, 12, 8, 9, 10, 14, 13, 11])).toBe("我想买iphone手机，岁30。");
    expect(decode([12, 16])).toBe("iphone ok");
    expect(decode([17, 18, 15])).toBe("カー？");
  });

  it("puts byte-level pieces together, letters of several bytes too", async () => {
    const { encode, decode } = await textIds(roberta);
    for (const text of ["ab ab", "abc é.", "é ab"]) expect(decode([...raggedRow(encode([text]), 0)])).toBe(text);
    expect(decode([0, 13, 2, 13])).toBe("ab ab");
  });

  it("goes back and forth on a tokenizer of our own", async () => {
    const texts = ["the cats are sleeping, all of them.", "a dog sleeps", "cats and dogs"];
    const { encode, decode } = await textIds(
      await trainWordPiece(texts, { vocabSize: 60, minFrequency: 1, lowercase: true }),
    );
    const ids = encode(texts);
    expect(texts.map((_, row) => decode([...raggedRow(ids, row)]))).toEqual(texts);
  });

  it("joins by spaces where a tokenizer says nothing of the way back", async () => {
    const decode = await textDecoder(readTokenizer({ ...tokenizerJson, decoder: null }, {}, "t"));
    expect(decode([5, 6])).toBe("the cat");
  });
});
