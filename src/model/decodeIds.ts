/** Ids → texts, as the tokenizer's own decoder has it: the way back from `encodeTexts`. */
import type { Tokenizer } from "../artifact/index.ts";
import { raggedFrom, type Ragged } from "../nn/Ragged.ts";
import { textEncoder } from "./encodeTexts.ts";

/** Makes the function that turns ids into a text, special tokens left out. Spaces between Chinese characters, which no tokenizer keeps, are not put in. */
export async function textDecoder(tokenizer: Tokenizer): Promise<(ids: ReadonlyArray<number>) => string> {
  const { Tokenizer: Decoder } = await import("@huggingface/tokenizers");
  // The steps from text to ids are our own, and no part of the way back.
  const json = { ...tokenizer.json, normalizer: null, pre_tokenizer: null, post_processor: null };
  // Cast: its type wants every field of every kind of tokenizer.
  const decoder = new Decoder(json as unknown as ConstructorParameters<typeof Decoder>[0], {});
  return (ids) => (ids.length === 0 ? "" : closedUp(decoder.decode([...ids], { skip_special_tokens: true }).trim()));
}

/** Both ways, for texts that are written on from their ids. */
export async function textIds(tokenizer: Tokenizer) {
  const [encodeText, decode] = [await textEncoder(tokenizer), await textDecoder(tokenizer)];
  return { encode: (texts: ReadonlyArray<string>): Ragged => raggedFrom(texts.map(encodeText)), decode };
}

/** Characters of scripts that are written without spaces, and their signs. */
const unspaced = "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\u3000-\\u303f\\uff00-\\uffef]";
const between = new RegExp(`(?<=${unspaced}) +| +(?=${unspaced})`, "gu");

const closedUp = (text: string): string => text.replace(between, "");
